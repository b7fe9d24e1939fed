import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeBothDatabases } from '../harness.js';
import { runStatement } from '../run-statement.js';
import { makeFolder, type RunningProgram, startProgram } from './server-process.js';
import { signCall } from './sign.js';

const apiKey = 'alter_rk_abcdefghijklmnopqrstuv_iwpykn';
const yaml = `version: 1
apps:
  - slug: demo
    name: Demo
    api_keys: [{ name: backend, value: { env: DEMO_KEY } }]
`;
/** So much that a copy of it takes long enough to be killed. */
const fillerRows = 2_500;
const fillerBytes = 12_000;

describeBothDatabases('alter backup and restore, as processes', (kind) => {
  const folder = makeFolder();
  const rootKey = randomBytes(32).toString('base64');
  const databases: string[] = [];
  let server: RunningProgram;
  let url: string;
  let source: Record<string, string>;

  /** The environment of a vault on data of its own. */
  const prepare = async (name: string): Promise<Record<string, string>> => {
    const environment = {
      PORT: '0',
      ALTER_VAULT_ENV: 'development',
      ALTER_VAULT_DATA_DIR: join(folder.path, name),
      ALTER_VAULT_ROOT_KEY: rootKey,
      DEMO_KEY: apiKey,
    };
    if (kind === 'sqlite') return environment;
    const database = `alter_backup_${randomBytes(6).toString('hex')}`;
    await runStatement(`create database ${database}`);
    databases.push(database);
    const databaseUrl = new URL(process.env.DATABASE_URL ?? '');
    databaseUrl.pathname = `/${database}`;
    return { ...environment, DATABASE_URL: databaseUrl.href };
  };
  const alter = (environment: Record<string, string>, ...args: string[]) =>
    startProgram('cli/main.js', environment, args);
  const waitUntil = async (isThere: () => boolean | Promise<boolean>) => {
    while (!(await isThere())) await new Promise((resolve) => setTimeout(resolve, 3));
  };

  beforeAll(async () => {
    source = await prepare('source');
    const config = join(folder.path, 'vault.yaml');
    writeFileSync(config, yaml);
    server = startProgram('main.js', { ...source, ALTER_VAULT_CONFIG_FILE: config });
    url = await server.ready();
    await fill(source);
  }, 60_000);
  afterAll(async () => {
    server?.process.kill('SIGKILL');
    await server?.end();
    for (const database of databases) await runStatement(`drop database ${database} with (force)`);
    folder.remove();
  });

  it('F5: killed in the middle, a backup leaves no half file under its name, and the next one is made', async () => {
    const file = join(folder.path, 'vault.backup');
    const killed = alter(source, 'backup', file);
    const isThere = (ending: string) => existsSync(`${file}${ending}`);
    await waitUntil(() => isThere('.partial-copy') || isThere('.partial'));
    killed.process.kill('SIGKILL');
    await killed.end();
    expect(existsSync(file)).toBe(false);
    const left = ['.partial-copy', '.partial'].filter(isThere);
    expect(left.map((ending) => statSync(`${file}${ending}`).mode & 0o777)).toEqual(left.map(() => 0o600));

    const calls = { isOver: false, statuses: new Set<number>() };
    const calling = callOn(url, calls);
    const made = await alter(source, 'backup', file, '--json').end();
    calls.isOver = true;
    await calling;
    expect([made.code, made.stderr]).toEqual([0, '']);
    expect(calls.statuses).toEqual(new Set([200]));
    expect(JSON.parse(made.stdout)).toMatchObject({ file, database: kind, sha256: expect.any(String) });
    expect(readdirSync(folder.path).filter((name) => name.startsWith('vault.backup'))).toEqual([
      'vault.backup',
    ]);
    const again = await alter(source, 'backup', file).end();
    expect([again.code, again.stderr]).toEqual([5, expect.stringContaining('is there already')]);
  }, 120_000);

  it('F5: killed in the middle, a restore leaves the database empty; then it is done, sound, and serves', async () => {
    const file = join(folder.path, 'vault.backup');
    const target = await prepare('target');
    const isUnderWay = async () => {
      if (kind === 'sqlite') return existsSync(join(folder.path, 'target', 'vault.db.restoring'));
      const rows = await runStatement<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity where datname = '${databases.at(-1)}' and xact_start is not null`,
      );
      return (rows[0]?.n ?? 0) > 0;
    };
    const killed = alter(target, 'restore', file);
    await waitUntil(isUnderWay);
    killed.process.kill('SIGKILL');
    await killed.end();
    expect(existsSync(join(folder.path, 'target', 'vault.db'))).toBe(false);

    const wrong = { ...target, ALTER_VAULT_ROOT_KEY: randomBytes(32).toString('base64') };
    const refused = await alter(wrong, 'restore', file).end();
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('does not belong to this database'),
    ]);
    const restored = await alter(target, 'restore', file, '--server-was-stopped').end();
    expect([restored.code, restored.stderr]).toEqual([0, '']);
    expect((await alter(target, 'restore', file).end()).code).toBe(5);
    const doctor = await alter(target, 'doctor', '--json').end();
    const { checks } = JSON.parse(doctor.stdout) as { checks: { status: string }[] };
    expect([doctor.code, checks.filter((check) => check.status === 'failed')]).toEqual([0, []]);
    expect((await alter(target, 'audit', 'verify').end()).code).toBe(0);
    const kinds = await alter(target, 'audit', 'search', '--kind', 'backup.*', '--json').end();
    const records = kinds.stdout.trim().split('\n');
    expect(records.map((line) => JSON.parse(line).kind)).toEqual(
      expect.arrayContaining(['backup.created', 'backup.restored']),
    );

    const copy = startProgram('main.js', target);
    const copyUrl = await copy.ready();
    const answer = await fetch(`${copyUrl}/sdk/scopes`, signCall(apiKey, 'GET', '/sdk/scopes'));
    copy.process.kill('SIGTERM');
    expect([answer.status, (await copy.end()).code]).toEqual([200, 0]);
  }, 180_000);

  async function fill(environment: Record<string, string>): Promise<void> {
    if (kind === 'postgres') {
      await runStatement(
        `insert into meta (key, value) select 'filler' || i, decode(repeat(md5(i::text || random()::text), ${fillerBytes / 16}), 'hex')
          from generate_series(1, ${fillerRows}) as i`,
        environment.DATABASE_URL,
      );
      return;
    }
    const database = new Sqlite(join(environment.ALTER_VAULT_DATA_DIR ?? '', 'vault.db'), {
      timeout: 10_000,
    });
    const insert = database.prepare('insert into meta (key, value) values (?, ?)');
    database.transaction(() => {
      for (let index = 0; index < fillerRows; index += 1)
        insert.run(`filler${index}`, randomBytes(fillerBytes));
    })();
    database.close();
  }
});

async function callOn(url: string, calls: { isOver: boolean; statuses: Set<number> }): Promise<void> {
  while (!calls.isOver) {
    const answer = await fetch(`${url}/sdk/scopes`, signCall(apiKey, 'GET', '/sdk/scopes'));
    calls.statuses.add(answer.status);
  }
}
