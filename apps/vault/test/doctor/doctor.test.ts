import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DoctorCheck } from '../../src/admin/doctor/doctor-check.js';
import { runDoctor } from '../../src/admin/doctor/run-doctor.js';
import { startHeartbeat } from '../../src/jobs/heartbeat.js';
import { migrations } from '../../src/storage/migrations/migrate.js';
import { listProcesses, storeProcess } from '../../src/storage/settings/process-rows.js';
import { type ConnectStack, startConnectStack } from '../connect/stack.js';
import { applyConfig, describeBothDatabases } from '../harness.js';

const find = (checks: readonly DoctorCheck[], name: string) => checks.find((check) => check.name === name);

describeBothDatabases('alter doctor', (kind) => {
  let stack: ConnectStack;
  let skewMs = 0;
  beforeAll(async () => {
    stack = await startConnectStack(kind, { clock: () => Date.now() + skewMs });
  });
  afterAll(() => stack?.close());
  const look = (options?: { hasNetwork: boolean }) => runDoctor(stack.vault.deps, options);

  it('finds a sound vault sound, and prints the redirect URI of each provider', async () => {
    const checks = await look({ hasNetwork: true });
    expect(checks.filter((check) => check.status === 'failed')).toEqual([]);
    const names = [
      'database',
      'durability',
      'clock',
      'keys',
      'api keys',
      'public url',
      'trusted proxies',
      'disk',
      'audit',
    ];
    for (const name of names) expect([name, find(checks, name)?.status]).not.toContain(undefined);
    const uri = `${stack.vault.deps.config.publicUrl}/oauth/callback`;
    expect(find(checks, 'demo/acme')).toEqual({
      name: 'demo/acme',
      status: 'ok',
      message: `client configured; redirect URI ${uri}`,
    });
    expect(find(checks, 'network demo/acme')?.message).toMatch(/ answers \d{3}/);
    expect(find(checks, 'pooler')?.message).toBe(
      kind === 'postgres' ? 'none: connected to PostgreSQL itself' : undefined,
    );
    expect(find(await look(), 'network demo/acme')).toBeUndefined();
  });

  it('database: fails when migrations are missing', async () => {
    const { storage } = stack.vault.deps;
    const last = migrations.at(-1)?.name ?? '';
    const table = 'schema_migrations' as 'meta';
    const name = 'name' as 'key';
    await storage.db.deleteFrom(table).where(name, '=', last).execute();
    const check = find(await look(), 'database');
    await storage.db
      .insertInto(table)
      .values({ name: last, applied_at: 1 } as never)
      .execute();
    expect(check).toMatchObject({
      status: 'failed',
      message: `${kind}, ${migrations.length - 1} of ${migrations.length} migrations applied`,
    });
  });

  it('database: fails when it does not answer, and each other look says so too', async () => {
    const { deps } = stack.vault;
    const gone = async () =>
      Promise.reject(Object.assign(new Error('secret detail'), { code: 'ECONNREFUSED' }));
    const broken = new Proxy(deps.storage, {
      get: (target, name) =>
        name === 'isUsable' ? async () => false : name === 'native' || name === 'kind' ? target[name] : gone,
    });
    const checks = await runDoctor({ ...deps, storage: broken });
    expect(find(checks, 'database')).toMatchObject({
      status: 'failed',
      message: 'the database does not answer',
    });
    expect(checks.filter((check) => check.status === 'failed').length).toBeGreaterThan(2);
    expect(JSON.stringify(checks)).not.toContain('secret detail');
  });

  it('clock: warns when it is off by seconds, fails when it is off by minutes', async () => {
    for (const [ms, status, words] of [
      [0, 'ok', ''],
      [20_000, 'warning', "ahead of the database's"],
      [-20_000, 'warning', "behind the database's"],
      [180_000, 'failed', 'ahead of'],
    ] as const) {
      skewMs = ms;
      const check = find(await look(), 'clock');
      skewMs = 0;
      expect([ms, check?.status]).toEqual([ms, status]);
      expect(check?.message).toContain(words);
    }
  });

  it.runIf(kind === 'postgres')(
    'processes: names the one whose clock is off, and versions that differ',
    async () => {
      const { deps } = stack.vault;
      expect(find(await look(), 'processes')).toMatchObject({ status: 'info' });
      const heartbeat = await startHeartbeat(deps);
      expect(find(await look(), 'processes')).toMatchObject({ status: 'ok' });
      const skewed = { ...deps, processId: 'skewed-one', clock: () => Date.now() + 90_000 };
      const other = await startHeartbeat(skewed);
      expect(find(await look(), 'processes')).toMatchObject({
        status: 'failed',
        message: expect.stringMatching(/^2 running.*process skewed-one is \d+ ms ahead/),
      });
      await other.stop();
      const old = { id: 'old-one', version: '0.0.9', started_at: 1, clock_skew_ms: 0 };
      await storeProcess(deps.storage, old);
      expect(find(await look(), 'processes')).toMatchObject({
        status: 'warning',
        message: expect.stringContaining('finish the upgrade'),
      });
      await deps.storage.db
        .updateTable('processes')
        .set({ seen_at: 1 })
        .where('id', '=', 'old-one')
        .execute();
      expect((await listProcesses(deps.storage)).map((row) => row.id)).toEqual([deps.processId]);
      await heartbeat.stop();
      expect(await listProcesses(deps.storage)).toEqual([]);
    },
  );

  it('R7: fails for a provider whose breaker is open, with its configuration', async () => {
    const { storage } = stack.vault.deps;
    const rows = await storage.db.selectFrom('provider_configs').select(['id', 'app_id']).execute();
    const app = stack.vault.appIds.demo;
    const ids = rows.filter((row) => row.app_id === app).map((row) => row.id);
    await storage.db
      .updateTable('provider_configs')
      .set({ breaker_open_until: 1, breaker_code: 'invalid_client', breaker_failures: 3 })
      .where('app_id', '=', app ?? '')
      .where('provider_id', '=', 'acme')
      .execute();
    const checks = await look();
    await storage.db.updateTable('provider_configs').set({ breaker_open_until: null }).execute();
    const check = find(checks, 'demo/acme');
    expect(check?.status).toBe('failed');
    expect(check?.message).toContain('invalid_client, 3 times');
    expect(ids.some((id) => check?.message.includes(id))).toBe(true);
    expect(find(checks, 'demo/acme-two')?.status).toBe('ok');
  });

  it('api keys: warns of those that ended or end soon', async () => {
    const { deps } = stack.vault;
    expect(find(await look(), 'api keys')?.status).toBe('ok');
    const day = (days: number) => new Date(deps.clock() + days * 86_400_000).toISOString();
    await applyConfig(deps, {
      version: 1,
      apps: [
        {
          slug: 'ending',
          name: 'Ending',
          api_keys: [
            { name: 'soon', expires_at: day(3) },
            { name: 'later', expires_at: day(90) },
          ],
        },
      ],
    });
    const check = find(await look(), 'api keys');
    expect(check).toMatchObject({ status: 'warning', message: `ending/soon ends ${day(3).slice(0, 10)}` });
    await deps.storage.db.updateTable('api_keys').set({ expires_at: 5 }).where('name', '=', 'soon').execute();
    expect(find(await look(), 'api keys')?.message).toBe('ending/soon ended 1970-01-01');
  });

  it('providers: warns without client id or secret, and fails when a secret does not open', async () => {
    const { deps } = stack.vault;
    await applyConfig(deps, {
      version: 1,
      apps: [
        {
          slug: 'half',
          name: 'Half',
          api_keys: [],
          providers: [
            { id: 'google', scopes: ['openid'] },
            { id: 'github', client_id: 'x', scopes: [] },
            { id: 'slack', client_id: 'x', client_secret: 'y', scopes: [] },
          ],
        },
      ],
    });
    await deps.storage.db
      .updateTable('provider_configs')
      .set({ sealed_client_secrets: Buffer.alloc(90) })
      .where('provider_id', '=', 'slack')
      .execute();
    const checks = await look();
    expect(find(checks, 'half/google')).toMatchObject({
      status: 'warning',
      message: 'has no client id, so nobody can connect',
    });
    expect(find(checks, 'half/github')).toMatchObject({ status: 'warning', message: 'has no client secret' });
    expect(find(checks, 'half/slack')).toMatchObject({
      status: 'failed',
      message: 'its client secret does not open',
    });
    expect(find(await look(), 'keys')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('1 sealed value did not open'),
    });
  });

  it('network: fails for a provider that is not reached', async () => {
    await stack.provider.close();
    const checks = await look({ hasNetwork: true });
    expect(find(checks, 'network demo/acme')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('is not reached (connect_failed)'),
    });
  });
});
