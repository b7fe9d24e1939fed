import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeBothDatabases } from '../harness.js';
import { connectAccount, goThroughProvider, openSession, poll } from './connect-driver.js';
import { type ConnectStack, startConnectStack } from './stack.js';

describeBothDatabases('connect sessions', (kind) => {
  let stack: ConnectStack;
  let nowMs = Date.now();
  beforeAll(async () => {
    stack = await startConnectStack(kind, { clock: () => nowMs });
  });
  afterAll(() => stack?.close());

  const create = async (body: Record<string, unknown>) => {
    const answer = await stack.vault.signedFetch('POST', '/sdk/oauth/connect/session', {
      allowed_providers: ['acme'],
      return_url: null,
      allowed_origin: null,
      metadata: null,
      ...body,
    });
    return {
      status: answer.status,
      headers: answer.headers,
      body: (await answer.json()) as Record<string, unknown>,
    };
  };

  it.each([
    [{ allowed_providers: ['nobody'] }, 422, 'unknown_provider'],
    [{ allowed_providers: [] }, 400, 'invalid_request'],
    [{ allowed_origin: 'https://evil.test' }, 400, 'invalid_origin'],
    [{ allowed_origin: '*' }, 400, 'invalid_origin'],
    [{ return_url: 'https://evil.test/connected' }, 400, 'invalid_return_url'],
    [{ direct: true, allowed_providers: ['acme', 'acme-two'] }, 400, 'invalid_request'],
    [{ required_scopes: { acme: ['everything'] } }, 400, 'scope_not_allowed'],
    [{ required_scopes: { nobody: ['openid'] } }, 400, 'scope_not_allowed'],
    [{ grant_policy: { max_ttl_seconds: 60, default_ttl_seconds: 61 } }, 422, 'invalid_grant_policy'],
    [{ grant_policy: { expires_at: '2001-01-01T00:00:00Z' } }, 422, 'invalid_grant_policy'],
    [{ repair_grant_id: '01900000-0000-7000-8000-00000000dead' }, 404, 'grant_not_found'],
    [{ user_token: 'nonsense' }, 401, 'jwt_validation_error'],
    [{ agent: 'bot' }, 422, 'not_supported_yet'],
    [{ scope_constraint: ['a'] }, 422, 'not_supported_yet'],
    [{ surprise: 1 }, 422, 'unknown_field'],
  ])('C4 C8: %j is refused', async (body, status, code) => {
    const answer = await create(body);
    expect([answer.status, answer.body.error]).toEqual([status, code]);
    expect(answer.body).toMatchObject({
      retryable: false,
      documentation_url: expect.stringContaining(`/docs/errors/${code}`),
    });
  });

  it('C2: the token is in the fragment, single use for completion, stored hashed, and the answer is not cached', async () => {
    const answer = await create({});
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const token = answer.body.session_token as string;
    const url = new URL(answer.body.connect_url as string);
    expect(url.search).toBe('');
    expect(decodeURIComponent(url.hash)).toBe(`#session=${token}`);
    expect(answer.body).toMatchObject({ expires_in: 600, single_provider: true, direct: false });
    const rows = await stack.vault.deps.storage.db.selectFrom('connect_sessions').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  it('S5: lifetimes hold to the second, and the poll says when the grant ends', async () => {
    const grant = await connectAccount(stack.vault, {
      provider: 'acme',
      session: { grant_policy: { max_ttl_seconds: 3600, default_ttl_seconds: 90 } },
    });
    expect(grant).toMatchObject({
      grant_policy: { expires_at: new Date(nowMs + 90_000).toISOString(), created_by: 'developer' },
    });
  });

  it('C2: a session that ran out is expired for poll, page and callback', async () => {
    const session = await openSession(stack.vault, { allowed_providers: ['acme'] });
    const started = await session.browser.post('authorize', { handle: session.handle, provider_id: 'acme' });
    expect(started.status).toBe(200);
    const realMs = nowMs;
    nowMs += 601_000;
    try {
      const answer = await stack.vault.signedFetch('POST', '/sdk/oauth/connect/session/poll', {
        session_token: session.sessionToken,
      });
      expect(await answer.json()).toEqual({ status: 'expired' });
      expect((await session.browser.post('open', { handle: session.handle })).body).toMatchObject({
        state: 'expired',
        return_to: null,
      });
      expect(
        (await session.browser.post('authorize', { handle: session.handle, provider_id: 'acme' })).body.error,
      ).toBe('session_not_open');
    } finally {
      nowMs = realMs;
    }
  });

  it('S1: two providers in one session stay pending until Done, then come back together', async () => {
    const session = await openSession(stack.vault, { allowed_providers: ['acme', 'acme-two'] });
    await goThroughProvider(stack.vault, session, { provider: 'acme' });
    expect(await poll(stack.vault, session.sessionToken)).toEqual({ status: 'pending' });
    await goThroughProvider(stack.vault, session, { provider: 'acme-two', decision: 'deny' });
    expect(await poll(stack.vault, session.sessionToken)).toMatchObject({
      status: 'pending',
      declined_providers: [{ provider_id: 'acme-two', error_code: 'connect_denied' }],
    });
    await goThroughProvider(stack.vault, session, { provider: 'acme-two', user: 'bob' });
    const done = await session.browser.post('finish', { handle: session.handle });
    expect(done.body).toMatchObject({ state: 'completed' });
    const outcome = (await poll(stack.vault, session.sessionToken)) as {
      status: string;
      grants: { provider_id: string }[];
    };
    expect(outcome.grants.map((grant) => grant.provider_id)).toEqual(['acme', 'acme-two']);
  });

  it('C6: a page that was cancelled is denied for whoever polls, and an exit for the page that opened it', async () => {
    const session = await openSession(stack.vault, { allowed_providers: ['acme'] });
    const ended = await session.browser.post('cancel', { handle: session.handle });
    expect(ended.body).toMatchObject({ state: 'error', error: { code: 'connect_cancelled' } });
    expect(await poll(stack.vault, session.sessionToken)).toMatchObject({
      status: 'error',
      error: { error_code: 'connect_denied' },
    });
    const again = await session.browser.post('cancel', { handle: session.handle });
    expect(again).toMatchObject({ status: 409, body: { error: 'session_not_open' } });
  });

  it('S6: two users with one provider account have two grants, and neither sees the other', async () => {
    const alice = await connectAccount(stack.vault, {
      provider: 'acme',
      session: { user_token: await stack.userToken('alice') },
    });
    const bob = await connectAccount(stack.vault, {
      provider: 'acme',
      session: { user_token: await stack.userToken('bob') },
    });
    expect(bob.grant_id).not.toBe(alice.grant_id);
    const list = await stack.vault.signedFetch('POST', '/sdk/grants/list', {
      limit: 100,
      offset: 0,
      user_token: await stack.userToken('bob'),
    });
    const { grants } = (await list.json()) as { grants: { grant_id: string }[] };
    expect(grants.map((grant) => grant.grant_id)).toEqual([bob.grant_id]);
  });

  it('C5 B10: repairing with another account stops, keeps the old grant, and can add the account', async () => {
    const userToken = await stack.userToken('carol');
    const old = await connectAccount(stack.vault, {
      provider: 'acme',
      user: 'alice',
      session: { user_token: userToken },
    });
    const session = await openSession(stack.vault, {
      allowed_providers: ['acme'],
      repair_grant_id: old.grant_id,
      user_token: userToken,
    });
    await goThroughProvider(stack.vault, session, { provider: 'acme', user: 'bob' });
    const view = await session.browser.post('open', { handle: session.handle });
    expect(view.body).toMatchObject({
      state: 'mismatch',
      mismatch: { provider_id: 'acme', expected: 'alice@example.test', actual: 'bob@example.test' },
    });
    expect(await poll(stack.vault, session.sessionToken)).toEqual({ status: 'pending' });
    await session.browser.post('resolve-mismatch', { handle: session.handle, choice: 'add' });
    const outcome = (await poll(stack.vault, session.sessionToken)) as {
      grants: { grant_id: string; operation: string }[];
    };
    expect(outcome.grants).toMatchObject([{ operation: 'creation', account_identifier: 'bob@example.test' }]);
    expect(outcome.grants[0]?.grant_id).not.toBe(old.grant_id);
  });

  it('S1: repairing with the same account keeps the grant id', async () => {
    const old = await connectAccount(stack.vault, { provider: 'acme', user: 'bob' });
    const again = await connectAccount(stack.vault, {
      provider: 'acme',
      user: 'bob',
      session: { repair_grant_id: old.grant_id },
    });
    expect(again).toMatchObject({ grant_id: old.grant_id, operation: 'reauth' });
  });

  it('C1: connecting after a revocation makes a new grant', async () => {
    const old = await connectAccount(stack.vault, { provider: 'acme-two', user: 'alice' });
    await stack.vault.signedFetch('POST', `/sdk/oauth/grants/${old.grant_id}/revoke`, {});
    const fresh = await connectAccount(stack.vault, { provider: 'acme-two', user: 'alice' });
    expect(fresh.operation).toBe('creation');
    expect(fresh.grant_id).not.toBe(old.grant_id);
  });

  it('C1: the status endpoint answers the session origin with the posted array, and refuses another origin', async () => {
    const session = await openSession(stack.vault, {
      allowed_providers: ['acme'],
      allowed_origin: 'http://127.0.0.1:4600',
    });
    const ask = (origin: string, waitMs = 0) =>
      stack.vault.app.request(`${stack.vault.deps.config.publicUrl}/sdk/oauth/connect/status`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin },
        body: JSON.stringify({ session_token: session.sessionToken, wait_ms: waitMs }),
      });
    expect((await ask('https://evil.test')).status).toBe(403);
    expect((await ask('https://evil.test')).headers.get('access-control-allow-origin')).toBeNull();
    expect(await (await ask('http://127.0.0.1:4600')).json()).toEqual({ status: 'pending' });
    await goThroughProvider(stack.vault, session, { provider: 'acme' });
    const answer = await ask('http://127.0.0.1:4600');
    expect(answer.headers.get('access-control-allow-origin')).toBe('http://127.0.0.1:4600');
    expect(await answer.json()).toMatchObject({
      status: 'completed',
      grants: [{ provider: 'acme', provider_name: 'Acme', status: 'active' }],
    });
  });
});
