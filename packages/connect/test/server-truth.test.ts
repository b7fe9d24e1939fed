import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AlterConnect } from '../src/index.js';
import { grant, Scene, token, vault } from './browser.js';

let scene: Scene;
const onSuccess = vi.fn();
const onExit = vi.fn();
const onError = vi.fn();
const handlers = { token, onSuccess, onExit, onError };
const place = (where: string) => scene.post({ type: 'alter_connect_place', place: where });
beforeEach(() => {
  vi.clearAllMocks();
  scene = new Scene();
});
afterEach(() => scene.end());

describe('C1: the vault says how a session ended', () => {
  it('asks with the token in the body and takes the grants of its answer', async () => {
    scene.answers = [{ status: 'pending' }, { status: 'completed', grants: [grant] }];
    const result = AlterConnect.create().open(handlers);
    await scene.pass(26_000);
    expect(scene.requests[0]).toEqual({
      url: `${vault}/sdk/oauth/connect/status`,
      body: { session_token: token, wait_ms: 25_000 },
    });
    expect(scene.requests[0]?.url).not.toContain(token);
    expect(await result).toMatchObject([grant]);
    expect(onSuccess).toHaveBeenCalledOnce();
    expect(scene.popup.closed).toBe(true);
  });

  it('reports once when message and answer both come', async () => {
    scene.answers = [{ status: 'completed', grants: [grant] }];
    void AlterConnect.create().open(handlers);
    scene.post({ type: 'alter_connect_success', grants: [grant] });
    await scene.pass(60_000);
    expect(onSuccess).toHaveBeenCalledOnce();
    expect(onExit).not.toHaveBeenCalled();
  });

  it('does not believe a window that looks closed from its way to the provider on (COOP)', async () => {
    void AlterConnect.create().open(handlers);
    place('page');
    place('leaving');
    // In this order: the browser cuts the window off before its last word arrives.
    scene.popup.closed = true;
    place('left');
    await scene.pass(120_000);
    expect(onExit).not.toHaveBeenCalled();
    scene.answers = [{ status: 'completed', grants: [grant] }];
    await scene.pass(30_000);
    expect(onSuccess).toHaveBeenCalledOnce();
    expect(onExit).not.toHaveBeenCalled();
  });

  it('reports exit within a second when the user closes the connect page itself', async () => {
    const result = AlterConnect.create().open(handlers);
    place('page');
    scene.popup.closed = true;
    await scene.pass(1000);
    expect(onExit).toHaveBeenCalledOnce();
    expect(await result).toBeUndefined();
    expect(scene.requests.at(-1)?.body.wait_ms).toBe(0);
  });

  it('reports success, not exit, when the session is complete behind a closed window', async () => {
    void AlterConnect.create().open(handlers);
    place('page');
    scene.answers = [{ status: 'completed', grants: [grant] }];
    scene.popup.closed = true;
    await scene.pass(1000);
    expect(onSuccess).toHaveBeenCalledOnce();
    expect(onExit).not.toHaveBeenCalled();
  });

  it('reports exit for a window closed at the provider once the user is back, and success if it comes after all', async () => {
    void AlterConnect.create().open(handlers);
    place('left');
    await scene.pass(3000);
    const focus = vi.mocked(document.hasFocus).mockReturnValue(false);
    scene.popup.closed = true;
    await scene.pass(20_000);
    expect(onExit).not.toHaveBeenCalled();
    focus.mockReturnValue(true);
    await scene.pass(4000);
    expect(onExit).toHaveBeenCalledOnce();
    scene.answers = [{ status: 'completed', grants: [grant] }];
    await scene.pass(60_000);
    expect(onSuccess).toHaveBeenCalledOnce();
  });

  it('says expired as an error to an open window, as exit for a closed one', async () => {
    scene.answers = [{ status: 'expired' }];
    void AlterConnect.create().open(handlers);
    await scene.pass(100);
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code: 'session_expired' }));
    scene.popup.closed = false;
    scene.answers = [{ status: 'pending' }, { status: 'expired' }];
    void AlterConnect.create().open(handlers);
    scene.popup.closed = true;
    place('left');
    await scene.pass(27_000);
    expect(onExit).toHaveBeenCalledOnce();
  });

  it('takes a session that was cancelled on the page as an exit', async () => {
    scene.answers = [{ status: 'error', error: { code: 'connect_cancelled', message: 'Closed' } }];
    void AlterConnect.create().open(handlers);
    await scene.pass(100);
    expect(onExit).toHaveBeenCalledOnce();
    expect(onError).not.toHaveBeenCalled();
  });

  it('hands on the error of the vault', async () => {
    scene.answers = [{ status: 'error', error: { code: 'connect_denied', message: 'No' } }];
    void AlterConnect.create().open(handlers);
    await scene.pass(100);
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code: 'connect_denied', message: 'No' }));
  });

  it('believes the closed window, as 0.8.0 does, where the server has no status endpoint', async () => {
    scene.answers = [404];
    void AlterConnect.create().open(handlers);
    await scene.pass(600);
    scene.popup.closed = true;
    await scene.pass(600);
    expect(onExit).toHaveBeenCalledOnce();
    expect(scene.requests.length).toBeLessThan(3);
  });

  it('survives a network that comes back', async () => {
    scene.answers = ['network down', 503, { status: 'completed', grants: [grant] }];
    void AlterConnect.create().open(handlers);
    await scene.pass(10_000);
    expect(onSuccess).toHaveBeenCalledOnce();
  });

  it('gives way to a new open after a closed window the vault has not judged', async () => {
    const connect = AlterConnect.create();
    const first = connect.open(handlers);
    scene.popup.closed = true;
    place('left');
    await scene.pass(600);
    expect(connect.isOpen()).toBe(false);
    scene.popup.closed = false;
    void connect.open(handlers);
    expect(await first).toBeUndefined();
    expect(scene.opened).toHaveLength(2);
    expect(onExit).not.toHaveBeenCalled();
  });
});
