import { expect, test } from '@playwright/test';
import { connectOverHttp } from '../harness/connect-over-http.js';
import { type Stack, startStack } from '../harness/stack.js';
import { startVaultProcess, type VaultProcess } from '../harness/vault-process.js';

/** Kills the vault without a word and starts it again on the same data and address. */
async function killAndRestart(stack: Stack, vault: VaultProcess): Promise<VaultProcess> {
  const ended = new Promise((resolve) => vault.child.once('exit', resolve));
  vault.kill('SIGKILL');
  await ended;
  const { port } = new URL(vault.url);
  return startVaultProcess({ config: stack.config, port: Number(port), dataDir: vault.dataDir });
}

test('F1: kill -9 right after an answer loses no grant, no revocation and no record', async () => {
  test.setTimeout(120_000);
  const stack = await startStack();
  let { vault } = stack;
  const target = { url: vault.url, apiKey: stack.apiKey };
  const url = `${stack.apiUrl}/messages`;
  try {
    const kept = await connectOverHttp(target, { providerId: 'acme', user: 'alice' });
    vault = await killAndRestart(stack, vault);
    const lost = await connectOverHttp(target, { providerId: 'acme', user: 'bob' });
    expect((await stack.sdk.request('GET', url, { grantId: kept, reason: 'before the kill' })).status).toBe(
      200,
    );
    await stack.sdk.revokeGrant(lost);
    vault = await killAndRestart(stack, vault);

    expect((await stack.sdk.request('GET', url, { grantId: kept, reason: 'after the kill' })).status).toBe(
      200,
    );
    await expect(stack.sdk.request('GET', url, { grantId: lost })).rejects.toMatchObject({
      code: 'grant_revoked',
    });
    const records = vault.alter('audit', 'export', '--format', 'jsonl').stdout;
    for (const text of ['"grant.created"', '"grant.revoked"', 'before the kill', 'after the kill'])
      expect(records).toContain(text);
    expect(vault.alter('audit', 'verify').status).toBe(0);
  } finally {
    await vault.stop();
    await stack.close();
  }
});
