import { createNonce } from '@alter-ai/core-crypto';
import { expect, test } from '@playwright/test';
import { createCallSigner } from '../harness/call-signer.js';
import { connectOverHttp } from '../harness/connect-over-http.js';
import { createOwnDatabase, type OwnDatabase } from '../harness/machine/own-database.js';
import { type Stack, startStack } from '../harness/stack.js';
import { startVaultProcess, type VaultProcess } from '../harness/vault-process.js';

const databaseUrl = process.env.DATABASE_URL;

test.describe('three vaults on one PostgreSQL', () => {
  test.skip(!databaseUrl, 'needs DATABASE_URL');
  let database: OwnDatabase;
  let stack: Stack;
  let vaults: VaultProcess[];

  test.beforeAll(async () => {
    test.setTimeout(90_000);
    database = await createOwnDatabase(databaseUrl ?? '', 'e2e');
    stack = await startStack({ databaseUrl: database.url, provider: { accessTokenTtlSeconds: 3600 } });
    const rootKeyFile = `${stack.vault.dataDir}/root.key`;
    const others = await Promise.all(
      [1, 2].map(() =>
        startVaultProcess({
          config: stack.config,
          databaseUrl: database.url,
          env: { ALTER_VAULT_ROOT_KEY_FILE: rootKeyFile },
        }),
      ),
    );
    vaults = [stack.vault, ...others];
  });
  test.afterAll(async () => {
    await Promise.all((vaults ?? []).slice(1).map((vault) => vault.stop()));
    await stack?.close();
    await database?.drop();
  });

  const callToken = async (vault: VaultProcess, grantId: string, nonce = createNonce()) => {
    const body = JSON.stringify({
      grant_id: grantId,
      reason: null,
      request: { method: 'GET', url: `${stack.apiUrl}/messages` },
    });
    const answer = await fetch(`${vault.url}/sdk/token`, {
      method: 'POST',
      headers: createCallSigner(stack.apiKey)('/sdk/token', body, nonce),
      body,
    });
    return { status: answer.status, body: (await answer.json()) as { error?: string; retryable?: boolean } };
  };
  const pick = (index: number): VaultProcess => vaults[index % vaults.length] ?? stack.vault;

  test('R2 R10: 1,000 concurrent calls on an expired token, provider slower than the lease: one provider call, no error but retryable 409s', async () => {
    test.setTimeout(120_000);
    stack.provider.updateSettings({ accessTokenTtlSeconds: 1 });
    const grantId = await connectOverHttp(
      { url: stack.vault.url, apiKey: stack.apiKey },
      { providerId: 'acme' },
    );
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    stack.provider.updateSettings({ tokenDelayMs: 9_000, accessTokenTtlSeconds: 3600 });
    stack.provider.clearLog();
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) => callToken(pick(index), grantId)),
    );
    const unexpected = answers.filter(
      (answer) => answer.status !== 200 && !(answer.status === 409 && answer.body.retryable === true),
    );
    expect(unexpected.slice(0, 3)).toEqual([]);
    expect(answers.filter((answer) => answer.status === 200).length).toBeGreaterThan(0);
    const calls = stack.provider
      .log()
      .filter((event) => event.event === 'presented' && event.endpoint === 'token');
    expect(calls).toHaveLength(1);
    expect(stack.provider.summarizeLog().refreshReplayed).toHaveLength(0);
    stack.provider.updateSettings({ tokenDelayMs: 0 });
  });

  test('T1: a nonce that one process accepted is refused by the others', async () => {
    const grantId = await connectOverHttp(
      { url: stack.vault.url, apiKey: stack.apiKey },
      { providerId: 'acme', user: 'bob' },
    );
    const nonce = createNonce();
    expect((await callToken(pick(0), grantId, nonce)).status).toBe(200);
    for (const index of [0, 1, 2]) {
      expect(await callToken(pick(index), grantId, nonce)).toMatchObject({
        status: 401,
        body: { error: 'nonce_reused' },
      });
    }
  });

  test('F7: a grant that one process revoked is refused by the others at the next call', async () => {
    const grantId = await connectOverHttp(
      { url: stack.vault.url, apiKey: stack.apiKey },
      { providerId: 'acme', user: 'bob' },
    );
    for (const index of [0, 1, 2]) expect((await callToken(pick(index), grantId)).status).toBe(200);
    await stack.sdk.revokeGrant(grantId);
    for (const index of [1, 2, 0]) {
      expect(await callToken(pick(index), grantId)).toMatchObject({
        status: 403,
        body: { error: 'grant_revoked' },
      });
    }
  });

  test('A3: the chains of three writers verify together', () => {
    const result = stack.vault.alter('audit', 'verify');
    expect(result.stdout + result.stderr).not.toBe('');
    expect(result.status).toBe(0);
  });
});
