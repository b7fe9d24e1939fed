import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { connectOverHttp } from '../harness/connect-over-http.js';
import { type Stack, startStack } from '../harness/stack.js';
import { startVaultProcess, type VaultProcess } from '../harness/vault-process.js';

const makeKey = () => randomBytes(32).toString('base64');

interface Check {
  readonly name: string;
  readonly status: string;
  readonly message: string;
}

function readChecks(vault: VaultProcess): Check[] {
  const { checks } = JSON.parse(vault.alter('doctor', '--json').stdout) as { checks: Check[] };
  return checks.filter((check) => /^(root key|keys|rotation)/.test(check.name));
}

function restart(
  stack: Stack,
  env: Record<string, string>,
  dataDir = stack.vault.dataDir,
): Promise<VaultProcess> {
  const port = Number(new URL(stack.vault.url).port);
  return startVaultProcess({ config: stack.config, port, dataDir, env });
}

/** Calls the provider through the vault again and again; tells how often it failed. */
function keepCalling(stack: Stack, grantId: string) {
  let calls = 0;
  let isStopped = false;
  const failures: unknown[] = [];
  const caller = (async () => {
    while (!isStopped) {
      await stack.sdk.request('GET', `${stack.apiUrl}/messages`, { grantId }).catch((error: unknown) => {
        failures.push(error);
      });
      calls += 1;
    }
  })();
  return {
    stop: async () => {
      isStopped = true;
      await caller;
      return { calls, failures };
    },
  };
}

test('K3: an app key rotates beside calls; killed in the middle, the server goes on by itself when it starts again', async () => {
  test.setTimeout(180_000);
  const env = { ALTER_VAULT_ROOT_KEY: makeKey() };
  const stack = await startStack({ isWithoutIdp: true, env });
  let { vault } = stack;
  try {
    const grantId = await connectOverHttp({ url: vault.url, apiKey: stack.apiKey }, { providerId: 'acme' });
    const calling = keepCalling(stack, grantId);
    const first = await vault.alterWith({}, 'rotate-keys', '--app', 'demo', '--json');
    const during = await calling.stop();
    expect(first.status).toBe(0);
    expect(during.failures).toEqual([]);
    expect(during.calls).toBeGreaterThan(20);
    const { rotations } = JSON.parse(first.stdout) as { rotations: Record<string, unknown>[] };
    expect(rotations).toMatchObject([{ app: 'demo', kind: 'app', phase: 'done', unreadable: 0 }]);
    expect(readChecks(vault).filter((check) => check.status !== 'ok')).toEqual([]);

    const second = vault.alterWith({}, 'rotate-keys', '--all', '--json');
    await expect.poll(() => readChecks(vault).map((check) => check.name)).toContain('rotation');
    const ended = new Promise((resolve) => vault.child.once('exit', resolve));
    vault.kill('SIGKILL');
    await ended;
    expect((await second).status).not.toBe(0);
    vault = await restart(stack, env);
    expect((await stack.sdk.request('GET', `${stack.apiUrl}/messages`, { grantId })).status).toBe(200);
    await expect
      .poll(() => readChecks(vault).filter((check) => check.status !== 'ok'), {
        timeout: 90_000,
        intervals: [2_000],
      })
      .toEqual([]);
    expect((await stack.sdk.request('GET', `${stack.apiUrl}/messages`, { grantId })).status).toBe(200);
  } finally {
    await vault.stop();
    await stack.close();
  }
});

test('K3 K4: a root key is changed; a backup from before opens with the old one, and with the new one says why not', async () => {
  test.setTimeout(120_000);
  const [oldKey, newKey] = [makeKey(), makeKey()];
  const stack = await startStack({ isWithoutIdp: true, env: { ALTER_VAULT_ROOT_KEY: oldKey } });
  let { vault } = stack;
  try {
    const grantId = await connectOverHttp({ url: vault.url, apiKey: stack.apiKey }, { providerId: 'acme' });
    const backup = join(mkdtempSync(join(tmpdir(), 'alter-backup-')), 'vault.backup');
    expect(vault.alter('backup', backup).status).toBe(0);
    // The server has no other key yet: there is nothing to do, and nothing is done.
    expect(vault.alter('rotate-keys', '--root').stdout).toContain('nothing to do');
    await vault.stop();

    vault = await restart(stack, { ALTER_VAULT_ROOT_KEY: newKey, ALTER_VAULT_ROOT_KEY_PREVIOUS: oldKey });
    expect(readChecks(vault).find((check) => check.name === 'root key')).toMatchObject({ status: 'warning' });
    const calling = keepCalling(stack, grantId);
    const rotated = await vault.alterWith({}, 'rotate-keys', '--root');
    expect((await calling.stop()).failures).toEqual([]);
    expect(rotated.status).toBe(0);
    expect(rotated.stdout).toContain('root');
    expect(readChecks(vault).filter((check) => check.status !== 'ok')).toEqual([]);
    await vault.stop();

    vault = await restart(stack, { ALTER_VAULT_ROOT_KEY: newKey });
    expect((await stack.sdk.request('GET', `${stack.apiUrl}/messages`, { grantId })).status).toBe(200);
    await vault.stop();
    const wrong = await restart(stack, { ALTER_VAULT_ROOT_KEY: oldKey }).catch(String);
    expect(wrong).toContain('The root key does not belong to this database: it was sealed with root key');
    expect(wrong).toContain('ended with 78');

    const restored = mkdtempSync(join(tmpdir(), 'alter-restored-'));
    const place = (key: string) => ({ ALTER_VAULT_DATA_DIR: restored, ALTER_VAULT_ROOT_KEY: key });
    const refused = await vault.alterWith(place(newKey), 'restore', backup);
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain(
      'The root key does not belong to this database: it was sealed with root key',
    );
    const taken = await vault.alterWith(place(oldKey), 'restore', backup, '--server-was-stopped');
    expect([taken.status, taken.stderr]).toEqual([0, '']);
    vault = await restart(stack, { ALTER_VAULT_ROOT_KEY: oldKey }, restored);
    expect((await stack.sdk.request('GET', `${stack.apiUrl}/messages`, { grantId })).status).toBe(200);
  } finally {
    await vault.stop();
    await stack.close();
  }
});

test('K2: apps shred says what it would do, does it with --yes, and leaves the other apps alone', async () => {
  test.setTimeout(60_000);
  const otherKey = `alter_key_app_${'a'.repeat(36)}`;
  const stack = await startStack({
    isWithoutIdp: true,
    otherApps: () => [{ slug: 'other', name: 'Other', api_keys: [{ name: 'k', value: otherKey }] }],
  });
  const { vault } = stack;
  try {
    const grantId = await connectOverHttp({ url: vault.url, apiKey: stack.apiKey }, { providerId: 'acme' });
    const planned = vault.alter('apps', 'shred', 'demo');
    expect(planned.stdout).toContain('nothing was done: add --yes');
    expect((await stack.sdk.request('GET', `${stack.apiUrl}/messages`, { grantId })).status).toBe(200);
    const done = vault.alter('apps', 'shred', 'demo', '--yes');
    expect(done.stdout).toContain('demo is shredded');
    expect(done.stdout).toContain('Backups that were made before still open');
    await expect(stack.sdk.request('GET', `${stack.apiUrl}/messages`, { grantId })).rejects.toMatchObject({
      code: 'invalid_key',
    });
    const { apps } = JSON.parse(vault.alter('apps', 'list', '--json').stdout) as {
      apps: Record<string, unknown>[];
    };
    expect(apps.map((app) => [app.slug, app.shredded_at === null])).toEqual([
      ['demo', false],
      ['other', true],
    ]);
    expect(vault.alter('audit', 'search', '--kind', 'app.shredded', '--json').stdout).toContain('"done"');
    expect(vault.alter('apps', 'shred', 'nobody', '--yes').status).toBe(4);
    expect(vault.alter('rotate-keys', '--app', 'demo').status).toBe(5);
    expect(vault.alter('rotate-keys').status).toBe(2);
    expect(vault.alter('apply', '-f', join(vault.dataDir, 'vault.json'), '--yes').stderr).toContain(
      'was shredded on',
    );
  } finally {
    await stack.close();
  }
});
