import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from '@alter-ai/alter-sdk';
import { mintApiKey } from '@alter-ai/core-crypto';
import { type OidcEmulator, startOidcServer } from '@alter-ai/emulator';
import { expect, test } from '@playwright/test';
import { connectOverHttp } from '../harness/connect-over-http.js';
import { findTools } from '../harness/machine/find-tools.js';
import { createOwnDatabase, type OwnDatabase } from '../harness/machine/own-database.js';
import { type PgBouncer, startPgBouncer } from '../harness/machine/pgbouncer.js';
import { describeAcme } from '../harness/stack.js';
import { startVaultProcess, type VaultProcess } from '../harness/vault-process.js';

const databaseUrl = process.env.DATABASE_URL ?? '';
const program = findTools().pgbouncer;
/**
 * Fewer servers than clients, and it goes round them: each transaction of a connection meets another server, so that anything left
 * behind in a session would be missed at once.
 */
const poolerSettings = { default_pool_size: 4, server_round_robin: 1, max_client_conn: 500 };
const isRequired = process.env.CI === 'true';

test.describe('three vaults behind PgBouncer in transaction mode', () => {
  test.skip(!databaseUrl && !isRequired, 'needs DATABASE_URL');
  test.skip(!program && !isRequired, 'needs pgbouncer (Debian: apt-get install pgbouncer)');
  let bouncer: PgBouncer;
  let provider: OidcEmulator;
  let vaults: VaultProcess[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'alter-pooled-'));
  const apiKey = mintApiKey('app');
  const rootKey = randomBytes(32).toString('base64');
  const apps: App[] = [];
  const databases: OwnDatabase[] = [];

  /** An empty database of its own, through the pooler. */
  const createDatabase = async () => {
    const database = await createOwnDatabase(databaseUrl, 'pooled');
    databases.push(database);
    return bouncer.urlOf(database.url);
  };
  const start = (url: string) =>
    startVaultProcess({
      databaseUrl: url,
      env: { ALTER_VAULT_ROOT_KEY: rootKey },
      config: {
        version: 1,
        apps: [
          {
            slug: 'demo',
            name: 'Demo',
            api_keys: [{ name: 'backend', value: apiKey }],
            providers: [describeAcme(provider.issuer)],
          },
        ],
      },
    });
  const makeApp = (vault: VaultProcess) => {
    const app = new App({ apiKey, baseUrl: vault.url });
    apps.push(app);
    return app;
  };
  const call = (app: App, grantId: string) =>
    app.request('GET', `${provider.issuer}/api/messages`, { grantId }).then((answer) => answer.status);

  test.beforeAll(async () => {
    test.setTimeout(120_000);
    if (!program) throw new Error('pgbouncer is not installed');
    if (!databaseUrl) throw new Error('DATABASE_URL is not set');
    bouncer = await startPgBouncer(program, databaseUrl, poolerSettings);
    provider = await startOidcServer({
      displayName: 'Acme',
      cookiePrefix: 'acme',
      shapes: true,
      clients: [{ clientId: 'acme-client', clientSecret: 'acme-secret', redirectUris: 'any-loopback' }],
    });
  });
  test.afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await Promise.all(vaults.map((vault) => vault.stop()));
    await provider?.close();
    await bouncer?.stop();
    for (const database of databases) await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('F4: three that start at once on an empty database migrate it once', async () => {
    test.setTimeout(90_000);
    const url = await createDatabase();
    vaults = await Promise.all([1, 2, 3].map(() => start(url)));
    for (const vault of vaults) expect((await fetch(`${vault.url}/readyz`)).status).toBe(200);
  });

  test('R2: connect here, call there, refresh once over all of them', async () => {
    test.setTimeout(90_000);
    const [first] = vaults;
    if (!first) throw new Error('no vault');
    provider.updateSettings({ accessTokenTtlSeconds: 1 });
    const grantId = await connectOverHttp({ url: first.url, apiKey }, { providerId: 'acme' });
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    provider.updateSettings({ accessTokenTtlSeconds: 3600, tokenDelayMs: 500 });
    provider.clearLog();
    const clients = vaults.map(makeApp);
    const statuses = await Promise.all(
      Array.from({ length: 120 }, (_, index) => call(clients[index % 3] as App, grantId)),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    const refreshes = provider
      .log()
      .filter((event) => event.event === 'presented' && event.endpoint === 'token');
    expect(refreshes).toHaveLength(1);
    provider.updateSettings({ tokenDelayMs: 0 });
  });

  test('F7: revoked here, refused everywhere', async () => {
    const [first] = vaults;
    if (!first) throw new Error('no vault');
    const grantId = await connectOverHttp({ url: first.url, apiKey }, { providerId: 'acme', user: 'bob' });
    const clients = vaults.map(makeApp);
    for (const app of clients) expect(await call(app, grantId)).toBe(200);
    await clients[1]?.revokeGrant(grantId);
    for (const app of clients)
      await expect(call(app, grantId)).rejects.toMatchObject({ code: 'grant_revoked' });
  });

  test('alter doctor knows the pooler and finds nothing wrong with it; the chains verify', () => {
    const [first] = vaults;
    const doctor = first?.alter('doctor', '--json');
    expect(doctor?.status).toBe(0);
    const { checks } = JSON.parse(doctor?.stdout ?? '{}') as {
      checks: { name: string; status: string; message: string }[];
    };
    expect(checks.find((check) => check.name === 'pooler')).toMatchObject({
      status: 'ok',
      message: expect.stringContaining('transaction pooling'),
    });
    expect(checks.find((check) => check.name === 'processes')?.message).toMatch(/^3 running/);
    expect(first?.alter('audit', 'verify').status).toBe(0);
  });

  test('F5: backup and restore go through it while calls go on', async () => {
    test.setTimeout(120_000);
    const [first] = vaults;
    if (!first) throw new Error('no vault');
    const grantId = await connectOverHttp({ url: first.url, apiKey }, { providerId: 'acme', user: 'alice' });
    const file = join(folder, 'pooled.backup');
    const [app] = vaults.map(makeApp);
    let isMaking = true;
    const calling = (async () => {
      while (isMaking && app) expect(await call(app, grantId)).toBe(200);
    })();
    const made = await first.alterWith({}, 'backup', file, '--json');
    isMaking = false;
    await calling;
    expect([made.status, made.stderr]).toEqual([0, '']);

    const url = await createDatabase();
    const wrong = { DATABASE_URL: url, ALTER_VAULT_ROOT_KEY: randomBytes(32).toString('base64') };
    const dataDir = mkdtempSync(join(folder, 'restored-'));
    const refused = await first.alterWith({ ...wrong, ALTER_VAULT_DATA_DIR: dataDir }, 'restore', file);
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringContaining('does not belong to this database'),
    ]);
    const into = { DATABASE_URL: url, ALTER_VAULT_DATA_DIR: dataDir };
    const restored = await first.alterWith(into, 'restore', file, '--server-was-stopped');
    expect([restored.status, restored.stderr]).toEqual([0, '']);
    expect((await first.alterWith(into, 'audit', 'verify')).status).toBe(0);
    expect((await first.alterWith(into, 'doctor')).status).toBe(0);
    expect((await first.alterWith(into, 'restore', file)).status).toBe(5);
    const copy = await start(url);
    vaults.push(copy);
    expect(await call(makeApp(copy), grantId)).toBe(200);
  });
});
