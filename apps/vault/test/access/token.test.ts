import { tokenResponseSchema } from '@alter-ai/core-contract';
import { createNonce } from '@alter-ai/core-crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectAccount } from '../connect/connect-driver.js';
import { type ConnectStack, startConnectStack } from '../connect/stack.js';
import { describeBothDatabases } from '../harness.js';
import { callToken, listAuditRecords, readJson } from './token-call.js';

describeBothDatabases('POST /sdk/token', (kind) => {
  let stack: ConnectStack;
  beforeAll(async () => {
    stack = await startConnectStack(kind);
  });
  afterAll(() => stack?.close());

  it('releases a working token by grant id, with everything of wire/1 section 5.3 and no nulls', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const answer = await callToken(stack, { grant_id: grantId, reason: 'read the inbox' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const body = tokenResponseSchema.strict().parse(await answer.json());
    expect(body).toMatchObject({
      grant_id: grantId,
      provider_id: 'acme',
      token_type: 'Bearer',
      scope_mismatch: false,
      injection_header: 'Authorization',
      injection_format: 'Bearer {token}',
      allowed_hosts: [new URL(stack.provider.issuer).host],
    });
    expect(body.expires_in).toBeGreaterThan(3500);
    expect(Date.parse(body.expires_at ?? '')).toBeGreaterThan(Date.now());
    expect(body.scopes).toContain('openid');
    const called = await fetch(`${stack.provider.issuer}/me`, {
      headers: { authorization: `Bearer ${body.access_token}` },
    });
    expect(called.status).toBe(200);
  });

  it('A1, A2: the call is on record when it is answered: who, what for, where, and nothing secret', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const url = `${stack.provider.issuer}/api/messages?query=1&token=sensitive-value`;
    const answer = await callToken(
      stack,
      { grant_id: grantId, reason: 'A2 test', request: { method: 'GET', url } },
      { caller: 'billing', callerType: 'service', context: '{"run_id":"r1"}' },
    );
    const { access_token: token } = await readJson(answer);
    const records = await listAuditRecords(stack, grantId);
    const record = records.find((one) => one.reason === 'A2 test');
    expect(record).toMatchObject({
      kind: 'access.retrieve',
      provider_id: 'acme',
      method: 'GET',
      caller: 'billing',
      caller_type: 'service',
      context: { run_id: 'r1' },
      decision: 'allow',
    });
    expect(JSON.stringify(records)).not.toContain(token);
    expect(JSON.stringify(records)).not.toContain('sensitive-value');
  });

  it('T1: a nonce is used once, also when both requests arrive together', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const body = { grant_id: grantId };
    const options = { nonce: createNonce() };
    const answers = await Promise.all([callToken(stack, body, options), callToken(stack, body, options)]);
    const statuses = answers.map((answer) => answer.status).sort();
    expect(statuses).toEqual([200, 401]);
    const refused = answers.find((answer) => answer.status === 401);
    expect(await refused?.json()).toMatchObject({ error: 'nonce_reused' });
  });

  it('last_used_at is visible within 5 s', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    await callToken(stack, { grant_id: grantId });
    const readLastUse = async () => {
      const listed = await stack.vault.signedFetch('POST', '/sdk/grants/list', { limit: 100, offset: 0 });
      const { grants } = (await listed.json()) as {
        grants: { grant_id: string; last_used_at: string | null }[];
      };
      return grants.find((grant) => grant.grant_id === grantId)?.last_used_at ?? null;
    };
    await expect.poll(readLastUse, { timeout: 5_000, interval: 250 }).toMatch(/^\d{4}-/);
  });

  it('finds a grant by provider for the user of the token, and never without it', async () => {
    const userToken = await stack.userToken('carol');
    const { grant_id: grantId } = await connectAccount(stack.vault, {
      provider: 'acme-two',
      session: { user_token: userToken },
    });
    const found = await callToken(stack, { provider_id: 'acme-two', user_token: userToken });
    expect(await readJson(found)).toMatchObject({ grant_id: grantId });
    const without = await callToken(stack, { provider_id: 'acme-two' });
    expect(without.status).toBe(404);
    expect(await without.json()).toMatchObject({ error: 'grant_not_found', provider_id: 'acme-two' });
    const other = await callToken(stack, {
      provider_id: 'acme-two',
      user_token: await stack.userToken('dave'),
    });
    expect(other.status).toBe(404);
    // By id the app's key reaches it; another user's token does not.
    expect((await callToken(stack, { grant_id: grantId })).status).toBe(200);
    const foreign = await callToken(stack, { grant_id: grantId, user_token: await stack.userToken('dave') });
    expect(foreign.status).toBe(404);
  });

  it('several accounts: 409 ambiguous_grant with candidates; account or label choose one', async () => {
    const userToken = await stack.userToken('erin');
    const session = { user_token: userToken };
    const alice = await connectAccount(stack.vault, { provider: 'acme', user: 'alice', session });
    const bob = await connectAccount(stack.vault, { provider: 'acme', user: 'bob', session });
    const ambiguous = await callToken(stack, { provider_id: 'acme', user_token: userToken });
    expect(ambiguous.status).toBe(409);
    const body = await readJson(ambiguous);
    expect(body).toMatchObject({ error: 'ambiguous_grant', provider_id: 'acme', retryable: false });
    expect(body.grant_ids).toEqual(expect.arrayContaining([alice.grant_id, bob.grant_id]));
    expect(body.account_identifiers).toEqual(
      expect.arrayContaining(['alice@example.test', 'bob@example.test']),
    );
    expect(body.candidates).toContainEqual(
      expect.objectContaining({ grant_id: bob.grant_id, account_identifier: 'bob@example.test' }),
    );
    const chosen = await callToken(stack, {
      provider_id: 'acme',
      user_token: userToken,
      account: 'bob@example.test',
    });
    expect(await readJson(chosen)).toMatchObject({ grant_id: bob.grant_id });
  });
});
