import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeBothDatabases } from '../harness.js';
import { createPageBrowser, goThroughProvider, openSession, poll } from './connect-driver.js';
import { type ConnectStack, startConnectStack } from './stack.js';

describeBothDatabases('callback', (kind) => {
  let stack: ConnectStack;
  beforeAll(async () => {
    stack = await startConnectStack(kind);
  });
  afterAll(() => stack?.close());

  const tokenCalls = () =>
    stack.provider.log().filter((event) => event.event === 'presented' && event.endpoint === 'token').length;
  const start = async () => openSession(stack.vault, { allowed_providers: ['acme'] });

  it('C1: the session is completed by the callback alone, without the page', async () => {
    const session = await start();
    expect(await poll(stack.vault, session.sessionToken)).toEqual({ status: 'pending' });
    const { response } = await goThroughProvider(stack.vault, session, { provider: 'acme' });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toContain(`/sdk/oauth/connect?handle=${session.handle}`);
    expect(await poll(stack.vault, session.sessionToken)).toMatchObject({
      status: 'completed',
      grants: [{ provider_id: 'acme', account_identifier: 'alice@example.test', operation: 'creation' }],
    });
  });

  it('C3: a callback in another browser is refused, calls no provider, and leaves the session open for the first one', async () => {
    const session = await start();
    const started = await session.browser.post('authorize', { handle: session.handle, provider_id: 'acme' });
    const { driveAuthorization } = await import('@alter-ai/emulator');
    const callback = await driveAuthorization(started.body.authorization_url as string, {
      stopAt: `${stack.vault.deps.config.publicUrl}/oauth/callback`,
    });
    const before = tokenCalls();
    const stranger = createPageBrowser(stack.vault);
    await stranger.post('open', { session_token: (await start()).sessionToken });
    const refused = await stranger.callBack(callback);
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain('another browser');
    expect(tokenCalls()).toBe(before);
    expect(await poll(stack.vault, session.sessionToken)).toEqual({ status: 'pending' });
    expect((await session.browser.callBack(callback)).status).toBe(303);
    expect(await poll(stack.vault, session.sessionToken)).toMatchObject({ status: 'completed' });
  });

  it('C3: a callback works once', async () => {
    const session = await start();
    const { callback } = await goThroughProvider(stack.vault, session, { provider: 'acme' });
    const before = tokenCalls();
    const replayed = await session.browser.callBack(callback);
    expect(replayed.status).toBe(400);
    expect(tokenCalls()).toBe(before);
  });

  it.each([
    ['forged', 'state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&code=x'],
    ['missing', 'code=x'],
    ['doubled', 'state=a&state=b&code=x'],
    ['empty', ''],
  ])('C3: a %s state is a page below 500 and no call to the provider', async (_name, query) => {
    const session = await start();
    const before = tokenCalls();
    const answer = await session.browser.callBack(
      new URL(`${stack.vault.deps.config.publicUrl}/oauth/callback?${query}`),
    );
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(tokenCalls()).toBe(before);
  });

  it('C3: an answer that names another issuer is refused before any call (RFC 9207)', async () => {
    const session = await start();
    const started = await session.browser.post('authorize', { handle: session.handle, provider_id: 'acme' });
    const state = new URL(started.body.authorization_url as string).searchParams.get('state') ?? '';
    const before = tokenCalls();
    const callback = new URL(`${stack.vault.deps.config.publicUrl}/oauth/callback`);
    callback.search = new URLSearchParams({ state, code: 'stolen', iss: 'https://other.example' }).toString();
    await session.browser.callBack(callback);
    expect(tokenCalls()).toBe(before);
    expect(await poll(stack.vault, session.sessionToken)).toMatchObject({
      status: 'error',
      error: { error_code: 'provider_error' },
    });
  });

  it('C6: a denial at the only provider ends the session as connect_denied', async () => {
    const session = await start();
    await goThroughProvider(stack.vault, session, { provider: 'acme', decision: 'deny' });
    expect(await poll(stack.vault, session.sessionToken)).toMatchObject({
      status: 'error',
      error: { error_code: 'connect_denied' },
    });
  });

  it('C6, R7: refused client credentials end the session with a configuration error, and open the breaker', async () => {
    stack.provider.rotateClientSecret('oidc', 'acme-client', 'changed-secret');
    try {
      const session = await start();
      await goThroughProvider(stack.vault, session, { provider: 'acme' });
      expect(await poll(stack.vault, session.sessionToken)).toMatchObject({
        status: 'error',
        error: { error_code: 'invalid_client' },
      });
      const configs = () => stack.vault.deps.storage.db.selectFrom('provider_configs');
      const open = await configs()
        .select('breaker_code')
        .where('breaker_open_until', 'is not', null)
        .execute();
      expect(open).toEqual([{ breaker_code: 'invalid_client' }]);
    } finally {
      stack.provider.rotateClientSecret('oidc', 'acme-client', 'acme-secret');
    }
    // Whoever connects next is the probe: the provider takes the client again, and that closes the breaker.
    await goThroughProvider(stack.vault, await start(), { provider: 'acme' });
    const left = await stack.vault.deps.storage.db
      .selectFrom('provider_configs')
      .select('id')
      .where('breaker_open_until', 'is not', null)
      .execute();
    expect(left).toEqual([]);
  });

  it.each([
    ['html', 'exchange_failed'],
    ['error_in_200', 'exchange_failed'],
    ['server_error', 'service_unavailable'],
    ['no_access_token', 'exchange_failed'],
  ] as const)(
    'C6: a token endpoint that answers %s ends the session with a typed error',
    async (kindOfAnswer, code) => {
      stack.provider.misbehave({ kind: kindOfAnswer });
      try {
        const session = await start();
        await goThroughProvider(stack.vault, session, { provider: 'acme' });
        const outcome = await poll(stack.vault, session.sessionToken);
        expect(outcome.status).toBe('error');
        expect([code, 'exchange_failed', 'service_unavailable']).toContain(
          (outcome.error as { error_code: string }).error_code,
        );
      } finally {
        stack.provider.clearMisbehaviours();
      }
    },
  );

  it('C2: another app reads nothing of a session, and an unknown token is expired', async () => {
    const session = await start();
    const foreign = await stack.vault.signedFetch(
      'POST',
      '/sdk/oauth/connect/session/poll',
      { session_token: session.sessionToken },
      { app: 'other' },
    );
    expect(await foreign.json()).toEqual({ status: 'expired' });
    expect(await poll(stack.vault, 'alter_cs_unknown.aHR0cA')).toEqual({ status: 'expired' });
  });

  describe('page', () => {
    it('T4: refuses calls from another origin', async () => {
      const session = await start();
      const publicUrl = stack.vault.deps.config.publicUrl;
      const answer = await stack.vault.app.request(`${publicUrl}/sdk/oauth/connect/page/open`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: 'http://127.0.0.1:4600' },
        body: JSON.stringify({ session_token: session.sessionToken }),
      });
      expect(answer.status).toBe(403);
    });

    it('C3: a handle is worth nothing in a browser that did not open the session', async () => {
      const session = await start();
      const stranger = createPageBrowser(stack.vault);
      const answer = await stranger.post('open', { handle: session.handle });
      expect(answer).toMatchObject({ status: 404, body: { error: 'session_not_found' } });
    });
  });
});
