import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import AlterConnectDefault, { AlterConnect } from '../src/index.js';
import { grant, Scene, token, vault } from './browser.js';

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.end());

const plain = 'sess_plain';

describe('what 0.8.0 promises', () => {
  it('gives the class as default and as named export', () => {
    expect(AlterConnectDefault).toBe(AlterConnect);
  });

  it('opens the connect page in a centred window of 500 × 700 inside the call', () => {
    void AlterConnect.create().open({ token: 'a b', baseURL: vault, onSuccess: () => {} });
    const [[href, name, features] = []] = scene.opened;
    expect(href).toBe(`${vault}/sdk/oauth/connect#session=a%20b`);
    expect(name).toBe('alter_oauth_popup');
    expect(features).toMatch(/^width=500,height=700,left=.+,top=.+,resizable=yes,scrollbars=yes/);
  });

  it.each([
    ['an empty token', { token: '', baseURL: vault, onSuccess: () => {} }],
    ['a token that is no string', { token: 7, baseURL: vault, onSuccess: () => {} }],
    ['no onSuccess', { token: plain, baseURL: vault }],
    ['a baseURL without protocol', { token: plain, baseURL: 'vault.example', onSuccess: () => {} }],
    ['a script as baseURL', { token: plain, baseURL: 'javascript:alert(1)', onSuccess: () => {} }],
    ['no address at all', { token: plain, onSuccess: () => {} }],
  ])('refuses %s with invalid_options and opens nothing', async (_, options) => {
    const call = AlterConnect.create().open(options as never);
    await expect(call).rejects.toMatchObject({ code: 'invalid_options', message: expect.any(String) });
    expect(scene.opened).toEqual([]);
  });

  it('throws sdk_destroyed after destroy', async () => {
    const connect = AlterConnect.create();
    connect.destroy();
    connect.destroy();
    await expect(connect.open({ token, onSuccess: () => {} })).rejects.toMatchObject({
      code: 'sdk_destroyed',
    });
    expect(() => connect.isOpen()).toThrow('destroyed');
    expect(() => connect.on('exit', () => {})).toThrow('destroyed');
  });

  it('does nothing on a second open while open', async () => {
    const connect = AlterConnect.create();
    void connect.open({ token, onSuccess: () => {} });
    expect(connect.isOpen()).toBe(true);
    void connect.open({ token, onSuccess: () => {} });
    expect(scene.opened).toHaveLength(1);
  });

  it('hands over the grants of the message, drops incomplete ones and closes the window', async () => {
    const onSuccess = vi.fn();
    const events: string[] = [];
    const connect = AlterConnect.create();
    connect.on('success', () => events.push('success'));
    connect.on('close', () => events.push('close'));
    const result = connect.open({ token, onSuccess });
    scene.post({ type: 'alter_connect_success', grants: [{ provider: 'x' }, grant, { grant_id: 'y' }] });
    expect(onSuccess).toHaveBeenCalledOnce();
    expect(onSuccess.mock.calls[0]?.[0]).toMatchObject([grant]);
    expect(await result).toBe(onSuccess.mock.calls[0]?.[0]);
    expect(scene.popup.closed).toBe(true);
    expect(connect.isOpen()).toBe(false);
    expect(events).toEqual(['success', 'close']);
  });

  it('runs both loops of the documentation on the success value', async () => {
    const lines: unknown[] = [];
    void AlterConnect.create().open({
      token,
      onSuccess: (connections) => {
        for (const conn of connections) lines.push(conn.grant_id, conn.provider, conn.accountIdentifier);
        lines.push(connections.provider, connections.accountIdentifier, connections.grantId);
        lines.push(JSON.parse(JSON.stringify(connections)).length, Object.keys(connections).length);
      },
    });
    scene.post({ type: 'alter_connect_success', grants: [grant] });
    const { grant_id, provider, account_identifier } = grant;
    expect(lines).toEqual([
      grant_id,
      provider,
      account_identifier,
      provider,
      account_identifier,
      grant_id,
      1,
      1,
    ]);
  });

  it('C4: takes no message of another origin and none of another type', async () => {
    const onSuccess = vi.fn();
    void AlterConnect.create().open({ token, onSuccess });
    scene.post({ type: 'alter_connect_success', grants: [grant] }, 'https://evil.example');
    scene.post({ type: 'other', grants: [grant] });
    scene.post(null);
    expect(onSuccess).not.toHaveBeenCalled();
  });

  it('turns success without a grant into invalid_response', () => {
    const onError = vi.fn();
    void AlterConnect.create().open({ token, onSuccess: () => {}, onError });
    scene.post({ type: 'alter_connect_success', grants: [] });
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code: 'invalid_response' }));
  });

  it('reports a failure with code, message and details', () => {
    const onError = vi.fn();
    void AlterConnect.create().open({ token, onSuccess: () => {}, onError });
    const data = {
      type: 'alter_connect_error',
      error: 'connect_denied',
      error_description: 'The user said no',
    };
    scene.post(data);
    const [error] = onError.mock.calls[0] ?? [];
    expect(error).toMatchObject({ code: 'connect_denied', message: 'The user said no', details: data });
  });

  it('stops events with off and with the function that on gave back', () => {
    const handler = vi.fn();
    const connect = AlterConnect.create();
    connect.on('close', handler)();
    connect.on('close', handler);
    connect.off('close', handler);
    connect.close();
    expect(handler).not.toHaveBeenCalled();
  });

  it('tells onEvent that the page was opened, and logs with debug', () => {
    const onEvent = vi.fn();
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    void AlterConnect.create({ debug: true }).open({ token, onSuccess: () => {}, onEvent });
    expect(onEvent).toHaveBeenCalledWith('connect_opened', { timestamp: expect.any(String) });
    expect(log).toHaveBeenCalled();
    expect(JSON.stringify(log.mock.calls)).not.toContain('alter_cs_');
  });
});
