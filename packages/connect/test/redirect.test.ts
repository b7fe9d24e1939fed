import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AlterConnect } from '../src/index.js';
import { grant, Scene, token, vault } from './browser.js';

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.end());

const session = { base: vault, token };
const single = new URLSearchParams({
  alter_connect_success: 'true',
  ...grant,
  scopes: 'read,write',
  operation: 'reauth',
});

function returnWith(query: URLSearchParams | string): void {
  history.replaceState({}, '', `/back?${query}`);
}
async function takeResult(event: 'success' | 'error' | 'exit'): Promise<unknown[]> {
  const handler = vi.fn();
  const connect = AlterConnect.create();
  await scene.pass(10);
  connect.on(event, (...args: unknown[]) => handler(...args));
  connect.on(event, (...args: unknown[]) => handler(...args));
  await scene.pass(10);
  return handler.mock.calls.map(([value]) => value);
}

describe('leaving by redirect', () => {
  it.each([
    ['a phone', 390, 844, 5, true],
    ['a tablet in portrait', 768, 1024, 5, true],
    ['a tablet in landscape', 1024, 768, 5, false],
    ['a narrow desktop window', 400, 800, 0, false],
    ['a desktop with touch', 1600, 900, 10, false],
  ])('%s', (_, width, height, touchPoints, isRedirect) => {
    scene.setScreen(width, height, touchPoints);
    void AlterConnect.create().open({ token, onSuccess: () => {} });
    expect(scene.left).toEqual(isRedirect ? [`${vault}/sdk/oauth/connect#session=${token}`] : []);
    expect(scene.opened).toHaveLength(isRedirect ? 0 : 1);
  });

  it('remembers where it came from, as 0.8.0 does', () => {
    scene.setScreen(390, 844, 5);
    void AlterConnect.create().open({ token, onSuccess: () => {} });
    const state = JSON.parse(sessionStorage.getItem('alter_oauth_state') ?? '{}');
    expect(state).toMatchObject({ timestamp: Date.now(), returnUrl: location.href });
  });

  it('reports redirect_error where nothing can be stored', async () => {
    scene.setScreen(390, 844, 5);
    const setItem = () => {
      throw new Error('denied');
    };
    vi.stubGlobal('sessionStorage', { getItem: () => null, setItem });
    const call = AlterConnect.create().open({ token, onSuccess: () => {} });
    await expect(call).rejects.toMatchObject({ code: 'redirect_error' });
    expect(scene.left).toEqual([]);
  });

  it('ends as exit when the browser comes back to the frozen page', async () => {
    scene.setScreen(390, 844, 5);
    const call = AlterConnect.create().open({ token, onSuccess: () => {} });
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    await scene.pass(10);
    expect(await call).toBeUndefined();
  });
});

describe('the return', () => {
  it('is kept until the first handler asks, delivered once to each handler, and the address put back', async () => {
    scene.rememberRedirect(60_000);
    returnWith(single);
    const results = await takeResult('success');
    expect(results).toHaveLength(2);
    expect(results[0]).toMatchObject([{ ...grant, scopes: ['read', 'write'], operation: 'reauth' }]);
    expect(results[0]).toHaveProperty('accountIdentifier', grant.account_identifier);
    expect(location.pathname + location.search).toBe('/settings?tab=2');
    expect(await takeResult('success')).toEqual([]);
  });

  it('brings every grant of the session', async () => {
    scene.rememberRedirect(0);
    const grants = [grant, { ...grant, grant_id: '2', provider_name: 'Zoë & Söhne' }];
    const bytes = String.fromCharCode(...new TextEncoder().encode(JSON.stringify(grants)));
    const query = new URLSearchParams(single);
    query.set('alter_grants', btoa(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, ''));
    returnWith(query);
    expect(await takeResult('success')).toMatchObject([grants, grants]);
  });

  it('reports a failure', async () => {
    scene.rememberRedirect(0);
    returnWith('alter_connect_error=true&error_code=connect_denied&error_description=No');
    expect(await takeResult('error')).toMatchObject([{ code: 'connect_denied', message: 'No' }, {}]);
  });

  it('reports an incomplete grant as invalid_response', async () => {
    scene.rememberRedirect(0);
    returnWith('alter_connect_success=true&grant_id=1&provider=acme');
    expect(await takeResult('error')).toMatchObject([{ code: 'invalid_response' }, {}]);
  });

  it('is nothing in a tab that started nothing', async () => {
    returnWith(single);
    expect(await takeResult('success')).toEqual([]);
    expect(location.search).toContain('alter_connect_success');
  });

  it('does not count its parameters after five minutes, but the vault is asked', async () => {
    scene.rememberRedirect(301_000);
    returnWith(single);
    expect(await takeResult('success')).toEqual([]);
    scene.rememberRedirect(301_000, session);
    scene.answers = [{ status: 'completed', grants: [{ ...grant, grant_id: 'true one' }] }];
    returnWith(single);
    expect((await takeResult('success'))[0]).toMatchObject([{ grant_id: 'true one' }]);
  });

  it('is an exit where the user came back without a result and the vault agrees', async () => {
    scene.rememberRedirect(1000, session);
    scene.answers = [{ status: 'pending' }];
    expect(await takeResult('exit')).toHaveLength(2);
  });

  it('ignores a state that somebody garbled', async () => {
    sessionStorage.setItem('alter_oauth_state', '{');
    returnWith(single);
    expect(await takeResult('success')).toEqual([]);
  });
});
