import { join } from 'node:path';
import { mintApiKey } from '@alter-ai/core-crypto';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectAccount } from '../connect/connect-driver.js';
import { type ConnectStack, describeAcme, startConnectStack } from '../connect/stack.js';
import { applyConfig, describeBothDatabases } from '../harness.js';
import { callToken, readJson } from './token-call.js';

/** What a call reads is kept while nothing changes; each test changes something, and asks for the very next call. */
describeBothDatabases('rows that calls keep', (kind) => {
  let stack: ConnectStack;
  let offsetMs = 0;
  let grantId = '';
  beforeEach(async () => {
    offsetMs = 0;
    stack = await startConnectStack(kind, { clock: () => Date.now() + offsetMs });
    grantId = (await connectAccount(stack.vault, { provider: 'acme' })).grant_id;
    expect(await call()).toMatchObject({ status: 200 });
  });
  afterEach(() => stack?.close());

  async function call(): Promise<Record<string, unknown>> {
    const answer = await callToken(stack, { grant_id: grantId });
    return { status: answer.status, ...(await readJson(answer)) };
  }

  const applyToApp = (changes: Record<string, unknown>) =>
    applyConfig(stack.vault.deps, {
      version: 1,
      apps: [{ slug: 'demo', name: 'Demo', providers: [describeAcme(stack.provider)], ...changes }],
    });

  it('F7: the call after a revocation is refused', async () => {
    await stack.vault.signedFetch('POST', `/sdk/oauth/grants/${grantId}/revoke`, {});
    expect(await call()).toMatchObject({ status: 403, error: 'grant_revoked' });
  });

  it('F7: calls beside a revocation are refused from its acknowledgement on', async () => {
    let isRevoked = false;
    const revoking = stack.vault.signedFetch('POST', `/sdk/oauth/grants/${grantId}/revoke`, {}).then(() => {
      isRevoked = true;
    });
    const late: unknown[] = [];
    for (let turn = 0; turn < 40; turn += 1) {
      const wasRevoked = isRevoked;
      const { status } = await call();
      if (wasRevoked) late.push(status);
    }
    await revoking;
    expect(new Set([...late, (await call()).status])).toEqual(new Set([403]));
  });

  it('F7: the call after a policy is set is decided by it', async () => {
    const rule = { kind: 'ip_allowlist', cidrs: ['10.0.0.0/8'] };
    await applyToApp({ policies: [{ name: 'inside', target: { app: true }, rule }] });
    expect(await call()).toMatchObject({ status: 403, error: 'ip_allowlist' });
    await applyToApp({
      policies: [{ name: 'inside', target: { app: true }, rule: { ...rule, cidrs: ['127.0.0.0/8'] } }],
    });
    expect(await call()).toMatchObject({ status: 200 });
  });

  it('F7: the call after its API key was taken back is refused', async () => {
    await applyToApp({ api_keys: [{ name: 'backend', value: mintApiKey('app') }] });
    expect(await call()).toMatchObject({ status: 401, error: 'key_revoked' });
  });

  it('R3: the call after a refresh gets the new token, and the one after that the same', async () => {
    const before = await call();
    offsetMs += 3_700_000;
    const refreshed = await call();
    expect(refreshed.access_token).not.toBe(before.access_token);
    expect((await call()).access_token).toBe(refreshed.access_token);
  });

  it("T2: a grant that is kept for its app is not another app's", async () => {
    const answer = await callToken(stack, { grant_id: grantId }, { app: 'other' });
    expect(answer.status).toBe(404);
    expect(await call()).toMatchObject({ status: 200 });
  });

  it.runIf(kind === 'sqlite')("F7: what somebody changes with SQLite's own tools is seen too", async () => {
    const file = new Sqlite(join(stack.vault.dataDir, 'vault.db'));
    file.prepare("update grants set status = 'revoked' where id = ?").run(grantId);
    file.close();
    expect(await call()).toMatchObject({ status: 403, error: 'grant_revoked' });
  });
});
