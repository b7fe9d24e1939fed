import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectAccount } from '../connect/connect-driver.js';
import { type ConnectStack, startConnectStack } from '../connect/stack.js';
import { describeBothDatabases } from '../harness.js';
import { callToken, listAuditRecords, readJson } from './token-call.js';

describeBothDatabases('what callers report back', (kind) => {
  let stack: ConnectStack;
  beforeAll(async () => {
    stack = await startConnectStack(kind);
  });
  afterAll(() => stack?.close());

  const report = (grantId: string, more: Record<string, unknown> = {}, app?: string) =>
    stack.vault.signedFetch(
      'POST',
      '/sdk/oauth/audit/api-call',
      {
        grant_id: grantId,
        provider_id: '',
        token_generation: null,
        method: 'POST',
        url: 'https://api.example.com/v1/items?key=hidden-value',
        request_headers: { 'user-agent': 'test' },
        request_body: { secret_field: 'body-text-of-the-request' },
        response_status: 200,
        response_headers: { 'content-type': 'text/plain' },
        response_body: 'body-text-of-the-response',
        latency_ms: 12.4,
        reason: 'because',
        context: { run_id: 'r7' },
        ...more,
      },
      app === undefined ? {} : { app },
    );

  it('A2: an outcome is recorded with sizes and digests, never with bodies', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const answer = await report(grantId);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ recorded: true });
    const records = await listAuditRecords(stack, grantId);
    const response = 'body-text-of-the-response';
    expect(records.at(-1)).toMatchObject({
      kind: 'access.outcome',
      provider_id: 'acme',
      status: 200,
      latency_ms: 12,
      response_bytes: response.length,
      response_sha256: createHash('sha256').update(response).digest('hex'),
      context: { run_id: 'r7' },
      reason: 'because',
    });
    const text = JSON.stringify(records);
    for (const hidden of ['body-text-of', 'hidden-value']) expect(text).not.toContain(hidden);
  });

  it.each([
    ['a value of 513 characters', { run_id: 'x'.repeat(513) }],
    ['a name of 65', { ['x'.repeat(65)]: 'r7' }],
    ['21 names', Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`k${index}`, 'x']))],
  ])('takes no more context than the header does: %s', async (_name, context) => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const countOutcomes = async () =>
      (await listAuditRecords(stack, grantId)).filter(({ kind }) => kind === 'access.outcome').length;
    const before = await countOutcomes();
    expect((await report(grantId, { context })).status).toBe(400);
    expect(await countOutcomes()).toBe(before);
  });

  it.each([null, 'text', 7, [1, { a: 2 }], true])('takes any JSON as request_body: %j', async (body) => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    expect((await report(grantId, { request_body: body, response_status: 0 })).status).toBe(200);
  });

  it("is 404 for another app's grant", async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const answer = await report(grantId, {}, 'other');
    expect(answer.status).toBe(404);
  });

  it('a 401 for the current token makes the next use refresh; one for an older token does not', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const first = await readJson(await callToken(stack, { grant_id: grantId }));
    await report(grantId, { response_status: 401, token_generation: first.token_generation });
    const second = await readJson(await callToken(stack, { grant_id: grantId }));
    expect(second.access_token).not.toBe(first.access_token);
    expect(second.token_generation).not.toBe(first.token_generation);
    await report(grantId, { response_status: 401, token_generation: first.token_generation });
    const third = await readJson(await callToken(stack, { grant_id: grantId }));
    expect(third.access_token).toBe(second.access_token);
  });

  it('a 401 that only says insufficient_scope refreshes nothing', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const first = await readJson(await callToken(stack, { grant_id: grantId }));
    await report(grantId, {
      response_status: 401,
      token_generation: first.token_generation,
      response_headers: { 'www-authenticate': 'Bearer error="insufficient_scope"' },
    });
    const second = await readJson(await callToken(stack, { grant_id: grantId }));
    expect(second.access_token).toBe(first.access_token);
  });

  it('a reported scope mismatch: 204, listed, 403 with the provider left alone, cleared by reconnecting', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const path = `/sdk/grants/${grantId}/report-scope-mismatch`;
    const mismatch = {
      provider_status_code: 403,
      provider_error_code: 'insufficient_scope',
      missing_scopes: ['messages.write'],
      raw_www_authenticate: 'Bearer error="insufficient_scope", scope="messages.write"',
      api_endpoint: `${stack.provider.issuer}/api/messages`,
      detection_source: 'www_authenticate_rfc6750',
      sdk_correlation_id: 'AAAAAAAAAAAAAAAAAAAAAA',
    };
    const foreign = { app: 'other' };
    expect((await stack.vault.signedFetch('POST', path, mismatch, foreign)).status).toBe(404);
    expect((await stack.vault.signedFetch('POST', path, mismatch)).status).toBe(204);
    const listed = await stack.vault.signedFetch('POST', '/sdk/grants/list', { limit: 100, offset: 0 });
    expect((await readJson(listed)).grants).toContainEqual(
      expect.objectContaining({ grant_id: grantId, scope_mismatch: true, needs_reconnect: true }),
    );
    const before = stack.provider.log().length;
    const refused = await callToken(stack, { grant_id: grantId });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({
      error: 'scope_mismatch',
      details: { grant_id: grantId, provider_id: 'acme', missing_scopes: ['messages.write'] },
    });
    expect(stack.provider.log().length).toBe(before);
    expect((await connectAccount(stack.vault, { provider: 'acme' })).grant_id).toBe(grantId);
    expect((await callToken(stack, { grant_id: grantId })).status).toBe(200);
  });

  it('a required scope that the user unticked: scope_mismatch true while the provider accepts, 403 after its 403', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, {
      provider: 'acme-two',
      user: 'bob',
      without: ['email'],
    });
    const released = await readJson(await callToken(stack, { grant_id: grantId }));
    expect(released.scope_mismatch).toBe(true);
    await report(grantId, { response_status: 403, token_generation: released.token_generation });
    const refused = await readJson(await callToken(stack, { grant_id: grantId }));
    expect(refused).toMatchObject({ error: 'scope_mismatch', details: { missing_scopes: ['email'] } });
  });
});
