import { afterAll, beforeAll, expect, it } from 'vitest';
import { storeMismatch } from '../../src/storage/live/grants/grants.js';
import { callToken, readJson } from '../access/token-call.js';
import { describeBothDatabases } from '../harness.js';
import { connectAccount } from './connect-driver.js';
import { type ConnectStack, startConnectStack } from './stack.js';

describeBothDatabases('repair of grants that share a credential', (kind) => {
  let stack: ConnectStack;
  beforeAll(async () => {
    stack = await startConnectStack(kind);
  });
  afterAll(() => stack?.close());

  const appId = () => stack.vault.appIds.demo ?? '';
  const connect = async (subject: string, session: Record<string, unknown> = {}) =>
    connectAccount(stack.vault, {
      provider: 'acme',
      session: { user_token: await stack.userToken(subject), ...session },
    });
  /** An account with a grant that ends in an hour, and a sibling of it. */
  const connectBoth = async (subject: string) => {
    const { grant_id: source } = await connect(subject, { grant_policy: { max_ttl_seconds: 3_600 } });
    const body = { label: 'nightly', grant_tags: ['job'], grant_policy: { max_ttl_seconds: 60 } };
    const answer = await stack.vault.signedFetch('POST', `/sdk/grants/${source}/mint`, body);
    return { source, sibling: String((await readJson(answer)).grant_id) };
  };
  const use = async (grantId: string) => {
    const answer = await callToken(stack, { grant_id: grantId });
    return { status: answer.status, error: (await readJson(answer)).error };
  };
  const read = (grantId: string) =>
    stack.vault.deps.storage.db
      .selectFrom('grants')
      .selectAll()
      .where('app_id', '=', appId())
      .where('id', '=', grantId)
      .executeTakeFirstOrThrow();
  const miss = (grantId: string) =>
    storeMismatch(stack.vault.deps.storage, { appId: appId(), grantId }, ['messages.write']);

  it('R6: a sibling is repaired under its own id; its source keeps its lifetime, and it its label and tags', async () => {
    const { source, sibling } = await connectBoth('ann');
    await miss(sibling);
    expect(await use(sibling)).toEqual({ status: 403, error: 'scope_mismatch' });
    const before = await read(source);
    const repaired = await connect('ann', {
      repair_grant_id: sibling,
      grant_policy: { max_ttl_seconds: 600 },
    });
    expect(repaired).toMatchObject({ grant_id: sibling, operation: 'reauth' });
    expect(await use(sibling)).toMatchObject({ status: 200 });
    const { expires_at, policy_json } = await read(source);
    expect({ expires_at, policy_json }).toEqual({
      expires_at: before.expires_at,
      policy_json: before.policy_json,
    });
    const own = await read(sibling);
    expect(own).toMatchObject({ label: 'nightly', sibling_label: 'nightly' });
    expect(JSON.parse(own.policy_json ?? '')).toMatchObject({ tags: ['job'], max_ttl_seconds: 600 });
    expect((own.expires_at ?? 0) - Date.now()).toBeGreaterThan(300_000);
  });

  it('R6: a new consent repairs every grant on the credential, whichever it was asked for', async () => {
    const { source, sibling } = await connectBoth('bea');
    await miss(source);
    await miss(sibling);
    await connect('bea', { repair_grant_id: sibling });
    expect(await use(source)).toMatchObject({ status: 200 });
    await miss(source);
    await miss(sibling);
    const before = await read(sibling);
    expect(await connect('bea')).toMatchObject({ grant_id: source, operation: 'reauth' });
    expect(await use(sibling)).toMatchObject({ status: 200 });
    expect(await read(sibling)).toMatchObject({
      expires_at: before.expires_at,
      policy_json: before.policy_json,
    });
  });

  it('R6: a sibling whose source was revoked is repaired under its own id too', async () => {
    const { source, sibling } = await connectBoth('cleo');
    expect((await stack.vault.signedFetch('POST', `/sdk/oauth/grants/${source}/revoke`, {})).status).toBe(
      200,
    );
    await miss(sibling);
    const repaired = await connect('cleo', { repair_grant_id: sibling });
    expect(repaired).toMatchObject({ grant_id: sibling, operation: 'reauth' });
    expect(await use(sibling)).toMatchObject({ status: 200 });
    expect(await use(source)).toMatchObject({ error: 'grant_revoked' });
  });
});
