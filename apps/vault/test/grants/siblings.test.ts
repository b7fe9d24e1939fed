import { afterAll, beforeAll, expect, it } from 'vitest';
import { callToken, readJson } from '../access/token-call.js';
import { connectAccount } from '../connect/connect-driver.js';
import { type ConnectStack, startConnectStack } from '../connect/stack.js';
import { describeBothDatabases } from '../harness.js';

describeBothDatabases('siblings of a connected account', (kind) => {
  let stack: ConnectStack;
  beforeAll(async () => {
    stack = await startConnectStack(kind);
  });
  afterAll(() => stack?.close());

  const mint = async (grantId: string, body: Record<string, unknown>) => {
    const answer = await stack.vault.signedFetch('POST', `/sdk/grants/${grantId}/mint`, body);
    return { status: answer.status, body: await readJson(answer) };
  };
  const connect = async (subject: string, options: { without?: string[] } = {}) =>
    connectAccount(stack.vault, {
      provider: 'acme',
      session: { user_token: await stack.userToken(subject) },
      ...options,
    });
  const use = async (body: Record<string, unknown>) => {
    const answer = await callToken(stack, body);
    return { status: answer.status, body: await readJson(answer) };
  };
  const revocations = () => stack.provider.log().filter(({ event }) => event === 'revoked').length;

  it('S11: shares the credential under a label of its own, and the call says which one it means', async () => {
    const { grant_id: source } = await connect('ann');
    const minted = await mint(source, { label: 'nightly', grant_tags: ['job'] });
    expect(minted.status).toBe(200);
    expect(minted.body).toMatchObject({
      provider_id: 'acme',
      principal_type: 'user',
      label: 'nightly',
      account_identifier: 'alice@example.test',
      status: 'active',
    });
    const own = await use({ grant_id: source });
    const sibling = await use({ grant_id: minted.body.grant_id });
    expect(own.body.access_token).toMatch(/\S/);
    expect(sibling.body.access_token).toBe(own.body.access_token);
    const token = await stack.userToken('ann');
    const unclear = await use({ provider_id: 'acme', user_token: token });
    expect([unclear.status, unclear.body.error]).toEqual([409, 'ambiguous_grant']);
    const labelled = await use({ provider_id: 'acme', user_token: token, label: 'nightly' });
    expect(labelled.body.grant_id).toBe(minted.body.grant_id);
    const twice = await mint(source, { label: 'nightly' });
    expect([twice.status, twice.body.error, twice.body.label]).toEqual([
      409,
      'sibling_label_conflict',
      'nightly',
    ]);
  });

  it('connecting again renews both, and neither id changes', async () => {
    const { grant_id: source } = await connect('bea');
    const { body } = await mint(source, { label: 'second' });
    const before = (await use({ grant_id: body.grant_id })).body.access_token;
    const again = await connect('bea');
    expect(again).toMatchObject({ grant_id: source, operation: 'reauth' });
    const after = await use({ grant_id: body.grant_id });
    expect(after.status).toBe(200);
    expect(after.body.access_token).not.toBe(before);
    expect((await use({ grant_id: source })).body.access_token).toBe(after.body.access_token);
  });

  it('F7: the provider takes the tokens back with the last grant on them, not before', async () => {
    const { grant_id: source } = await connect('cleo');
    const { body } = await mint(source, { label: 'kept' });
    const before = revocations();
    const revoke = (grantId: unknown) =>
      stack.vault.signedFetch('POST', `/sdk/oauth/grants/${grantId}/revoke`, {});
    expect((await revoke(source)).status).toBe(200);
    expect((await use({ grant_id: source })).body.error).toBe('grant_revoked');
    expect((await use({ grant_id: body.grant_id })).status).toBe(200);
    expect(revocations()).toBe(before);
    expect((await revoke(body.grant_id)).status).toBe(200);
    expect(revocations()).toBe(before + 1);
    expect((await use({ grant_id: body.grant_id })).body.error).toBe('grant_revoked');
  });

  it('a lifetime of its own ends the sibling alone, and never outlives the source', async () => {
    const { grant_id: source } = await connect('dora');
    const { body } = await mint(source, { label: 'short', grant_policy: { max_ttl_seconds: 60 } });
    expect(Date.parse(String(body.expires_at)) - Date.now()).toBeLessThanOrEqual(60_000);
    const { body: child } = await mint(String(body.grant_id), {
      label: 'shorter',
      grant_policy: { max_ttl_seconds: 86_400 },
    });
    expect(child.expires_at).toBe(body.expires_at);
  });
});
