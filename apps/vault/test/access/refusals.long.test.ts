import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectAccount } from '../connect/connect-driver.js';
import { type ConnectStack, startConnectStack } from '../connect/stack.js';
import { describeBothDatabases } from '../harness.js';
import { callToken, listAuditRecords, readJson } from './token-call.js';

/** An answer's body without what differs from request to request. */
async function readComparable(answer: Response): Promise<Record<string, unknown>> {
  const { request_id: _id, ...body } = await readJson(answer);
  return { status: answer.status, ...body };
}

describeBothDatabases('refusals of POST /sdk/token', (kind) => {
  let stack: ConnectStack;
  let offsetMs = 0;
  beforeEach(async () => {
    offsetMs = 0;
    stack = await startConnectStack(kind, { clock: () => Date.now() + offsetMs });
  });
  afterEach(() => stack?.close());

  it("T2: an unknown, a malformed and another app's grant id get the same answer", async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const unknown = await readComparable(
      await callToken(stack, { grant_id: '01980000-0000-7000-8000-000000000000' }),
    );
    expect(unknown).toMatchObject({ status: 404, error: 'grant_not_found' });
    expect(await readComparable(await callToken(stack, { grant_id: 'not-a-uuid' }))).toEqual(unknown);
    const foreign = await stack.vault.signedFetch(
      'POST',
      '/sdk/token',
      {
        grant_id: grantId,
        reason: null,
        request: { method: 'GET', url: `${stack.provider.issuer}/api/messages` },
      },
      { app: 'other' },
    );
    expect(await readComparable(foreign)).toEqual(unknown);
  });

  it('a revoked grant is grant_revoked at once, by id and by provider, and the refusal is on record', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const path = `/sdk/oauth/grants/${grantId}/revoke`;
    const revoked = await stack.vault.signedFetch('POST', path, {});
    expect(await readJson(revoked)).toMatchObject({ success: true, provider_revocation: 'confirmed' });
    for (const body of [{ grant_id: grantId }, { provider_id: 'acme' }]) {
      const answer = await callToken(stack, body);
      expect(answer.status).toBe(403);
      expect(await answer.json()).toMatchObject({
        error: 'grant_revoked',
        grant_id: grantId,
        provider_id: 'acme',
      });
    }
    const records = await listAuditRecords(stack, grantId);
    expect(records.at(-1)).toMatchObject({
      kind: 'access.retrieve',
      decision: 'deny',
      error_code: 'grant_revoked',
    });
    expect((await stack.vault.signedFetch('POST', path, {})).status).toBe(404);
  });

  it('a grant past its lifetime is grant_expired', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, {
      provider: 'acme',
      session: { grant_policy: { max_ttl_seconds: 60 } },
    });
    expect((await callToken(stack, { grant_id: grantId })).status).toBe(200);
    offsetMs += 60_500;
    const answer = await callToken(stack, { grant_id: grantId });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ error: 'grant_expired', provider_id: 'acme' });
  });

  it('an account that took its consent back at the provider is credential_revoked, and listed so', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    stack.provider.revokeGrants();
    offsetMs += 3_700_000;
    const answer = await callToken(stack, { grant_id: grantId });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({
      error: 'credential_revoked',
      grant_id: grantId,
      provider_id: 'acme',
      user_action: 'reconnect',
    });
    const listed = await stack.vault.signedFetch('POST', '/sdk/grants/list', { limit: 10, offset: 0 });
    expect(await readJson(listed)).toMatchObject({
      grants: [{ grant_id: grantId, status: 'needs_reauth', needs_reconnect: true }],
    });
    const again = await connectAccount(stack.vault, { provider: 'acme' });
    expect(again.grant_id).toBe(grantId);
    expect((await callToken(stack, { grant_id: grantId })).status).toBe(200);
  });

  it.each([
    'https://evil.example/api',
    'https://127.0.0.1:1/api',
    'HOST@evil.example/',
    'http://user:pw@HOST/api',
    'http://HOST\\@evil.example/api',
    'http://HOST.evil.example/api',
    'http://169.254.169.254/latest/meta-data',
    'file:///etc/passwd',
    'not a url',
  ])('E1: no credential for %s', async (template) => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const url = template.replace('HOST', new URL(stack.provider.issuer).host);
    const answer = await callToken(stack, { grant_id: grantId, request: { method: 'GET', url } });
    expect(answer.status).toBe(422);
    const body = await readJson(answer);
    expect(body).toMatchObject({ error: 'blocked_destination' });
    expect(body).not.toHaveProperty('access_token');
  });

  it('A1: when the record cannot be written, the call fails with 503 and nothing leaves', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    await stack.vault.deps.audit.close();
    const answer = await callToken(stack, { grant_id: grantId });
    expect(answer.status).toBe(503);
    const body = await readJson(answer);
    expect(body).toMatchObject({ error: 'audit_unavailable', retryable: true });
    expect(body).not.toHaveProperty('access_token');
  });

  it('a provider that the app does not have is provider_not_configured', async () => {
    const answer = await callToken(stack, { provider_id: 'slack' });
    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({
      error: 'provider_not_configured',
      message: expect.stringContaining('not configured'),
      provider_id: 'slack',
    });
  });

  it('R7: a refused client is 503 provider_configuration_unavailable and names the configuration', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    stack.provider.rotateClientSecret('oidc', 'acme-client', 'changed');
    offsetMs += 3_700_000;
    const answer = await callToken(stack, { grant_id: grantId });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await answer.json()).toMatchObject({
      error: 'provider_configuration_unavailable',
      retryable: true,
      provider_id: 'acme',
      provider_config_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('a user token that is not accepted is jwt_validation_error, on record', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const answer = await callToken(stack, { grant_id: grantId, user_token: 'no.jwt.here' });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: 'jwt_validation_error' });
  });
});
