import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AlterConnect } from '../src/index.js';
import { grant, Scene, token, vault } from './browser.js';

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.end());

const page = `${vault}/sdk/oauth/connect#session=${token}`;
const links = () => [...document.querySelectorAll<HTMLElement>('[role=dialog] a, [role=dialog] button')];
const click = (text: string) =>
  links()
    .find((link) => link.textContent === text)
    ?.click();

describe('the address', () => {
  it('comes from the token alone', () => {
    void AlterConnect.create().open({ token, onSuccess: () => {} });
    expect(scene.opened[0]?.[0]).toBe(page);
  });

  it('comes from create() or from open(), which has precedence', () => {
    void AlterConnect.create({ baseURL: 'https://one.example/' }).open({
      token: 'plain',
      onSuccess: () => {},
    });
    const options = { token, baseURL: 'https://two.example/vault/', onSuccess: () => {} };
    void AlterConnect.create({ baseURL: 'https://one.example' }).open(options);
    expect(scene.opened.map(([href]) => href)).toEqual([
      'https://one.example/sdk/oauth/connect#session=plain',
      `https://two.example/vault/sdk/oauth/connect#session=${token}`,
    ]);
  });

  it('is the connect_url as it stands, and the vault is asked for its token', () => {
    const onSuccess = vi.fn();
    void AlterConnect.create().open({ url: page, onSuccess });
    expect(scene.opened[0]?.[0]).toBe(page);
    expect(scene.requests[0]?.body.session_token).toBe(token);
    scene.post({ type: 'alter_connect_success', grants: [grant] });
    expect(onSuccess).toHaveBeenCalledOnce();
  });

  it.each([
    ['a promise', () => Promise.resolve(token)],
    ['a function', () => async () => token],
  ])('follows a token that is %s; the window opens inside the click', async (_, make) => {
    void AlterConnect.create().open({ token: make(), onSuccess: () => {} });
    expect(scene.opened[0]?.[0]).toBe('about:blank');
    await scene.pass(0);
    expect(scene.popup.addresses).toEqual([page]);
  });

  it('closes the window and reports token_error when the token does not come', async () => {
    const call = AlterConnect.create().open({
      token: Promise.reject(new Error('backend away')),
      onSuccess: () => {},
    });
    await expect(call).rejects.toMatchObject({ code: 'token_error', message: 'Error: backend away' });
    expect(scene.popup.closed).toBe(true);
  });

  it('reports exit when the window is closed before the token came', async () => {
    const onExit = vi.fn();
    void AlterConnect.create().open({ token: new Promise<string>(() => {}), onSuccess: () => {}, onExit });
    scene.popup.closed = true;
    await scene.pass(600);
    expect(onExit).toHaveBeenCalledOnce();
  });
});

describe('the promise', () => {
  it('rejects with the error only where there is no onError', async () => {
    const failure = { type: 'alter_connect_error', error: 'connect_denied' };
    const bare = AlterConnect.create().open({ token, onSuccess: () => {} });
    scene.post(failure);
    await expect(bare).rejects.toMatchObject({ code: 'connect_denied' });
    const handled = AlterConnect.create().open({ token, onSuccess: () => {}, onError: () => {} });
    scene.post(failure);
    expect(await handled).toBeUndefined();
  });

  it('rejects with the reason of the signal and closes the window', async () => {
    const controller = new AbortController();
    const onExit = vi.fn();
    const call = AlterConnect.create().open({
      token,
      onSuccess: () => {},
      onExit,
      signal: controller.signal,
    });
    controller.abort();
    await expect(call).rejects.toBe(controller.signal.reason);
    expect(scene.popup.closed).toBe(true);
    expect(onExit).not.toHaveBeenCalled();
    const late = AlterConnect.create().open({ token, onSuccess: () => {}, signal: controller.signal });
    await expect(late).rejects.toBe(controller.signal.reason);
    expect(scene.opened).toHaveLength(1);
  });

  it('is not held up by a handler that throws', async () => {
    const call = AlterConnect.create().open({
      token,
      onSuccess: () => {
        throw new Error('in the app');
      },
    });
    scene.post({ type: 'alter_connect_success', grants: [grant] });
    expect(await call).toHaveLength(1);
    expect(() => vi.runOnlyPendingTimers()).toThrow('in the app');
  });
});

describe('a blocked popup', () => {
  const onSuccess = vi.fn();
  const onError = vi.fn();
  const onExit = vi.fn();
  const connect = () => AlterConnect.create().open({ token, onSuccess, onError, onExit });
  beforeEach(() => {
    vi.clearAllMocks();
    scene.isPopupBlocked = true;
  });

  it('is reported, and a link on the page goes on in the next click', async () => {
    const result = connect();
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code: 'popup_blocked' }));
    expect(links().map((link) => link.textContent)).toEqual(['Continue', 'Use this tab', 'Cancel']);
    expect(links()[0]?.getAttribute('href')).toBe(page);
    expect(document.activeElement).toBe(links()[0]);
    scene.isPopupBlocked = false;
    click('Continue');
    expect(links()).toEqual([]);
    scene.post({ type: 'alter_connect_success', grants: [grant] });
    expect(await result).toHaveLength(1);
    expect(onSuccess).toHaveBeenCalledOnce();
  });

  it('offers the redirect, and takes it by itself when the second window is blocked too', () => {
    void connect();
    click('Use this tab');
    click('Continue');
    expect(scene.left).toEqual([page, page]);
    expect(sessionStorage.getItem('alter_oauth_state')).toContain('returnUrl');
  });

  it('can be cancelled by button and by Escape', async () => {
    const first = connect();
    click('Cancel');
    expect(await first).toBeUndefined();
    void connect();
    links()[0]?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    expect(onExit).toHaveBeenCalledTimes(2);
    expect(links()).toEqual([]);
  });

  it('does not stand in the way of another open', () => {
    const alter = AlterConnect.create();
    void alter.open({ token, onSuccess, onError });
    expect(alter.isOpen()).toBe(false);
    scene.isPopupBlocked = false;
    void alter.open({ token, onSuccess, onError });
    expect(alter.isOpen()).toBe(true);
    expect(links()).toEqual([]);
  });
});
