import { expect, test } from '@playwright/test';
import Database from 'better-sqlite3';
import { connectOverHttp } from '../harness/connect-over-http.js';
import { startStack } from '../harness/stack.js';

test('A3 A5: verify passes, and fails after one byte is changed, one record removed, the last one cut', async () => {
  test.setTimeout(90_000);
  const stack = await startStack();
  const grantId = await connectOverHttp(
    { url: stack.vault.url, apiKey: stack.apiKey },
    { providerId: 'acme' },
  );
  for (const reason of ['first', 'second', 'third']) {
    await stack.sdk.request('GET', `${stack.apiUrl}/messages`, { grantId, reason });
  }
  await stack.sdk.revokeGrant(grantId);
  expect(stack.vault.alter('audit', 'verify').status).toBe(0);
  const exported = stack.vault.alter('audit', 'export', '--format', 'jsonl');
  const reasons = exported.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { reason?: string }).reason);
  expect(reasons).toEqual(expect.arrayContaining(['first', 'second', 'third']));
  await stack.close();

  const verify = () => stack.vault.alter('audit', 'verify');
  expect(verify().status).toBe(0);
  const database = new Database(`${stack.vault.dataDir}/vault.db`);
  const table = (
    database
      .prepare("select name from sqlite_master where type = 'table' and name like 'audit_2%'")
      .get() as { name: string }
  ).name;
  // Append-only in the database itself: somebody who tampers has to take the triggers away first.
  expect(() => database.exec(`update ${table} set record = record`)).toThrow();
  const triggers = database
    .prepare("select name, sql from sqlite_master where type = 'trigger' and tbl_name = ?")
    .all(table) as {
    name: string;
    sql: string;
  }[];
  expect(triggers.length).toBeGreaterThan(0);
  for (const { name } of triggers) database.exec(`drop trigger ${name}`);
  const rows = database
    .prepare(`select rowid as id, * from ${table} order by chain_id, sequence`)
    .all() as Record<string, unknown>[];
  const middle = rows[Math.floor(rows.length / 2)] ?? {};
  const last = rows.at(-1) ?? {};
  const restore = (row: Record<string, unknown>) => {
    const columns = Object.keys(row).filter((name) => name !== 'id' || 'id' in (rows[0] ?? {}));
    const names = columns.filter((name) => name !== 'id' || hasIdColumn);
    database
      .prepare(`insert into ${table} (${names.join(',')}) values (${names.map(() => '?').join(',')})`)
      .run(...names.map((name) => row[name]));
  };
  const hasIdColumn =
    (
      database.prepare(`select count(*) as n from pragma_table_info('${table}') where name = 'id'`).get() as {
        n: number;
      }
    ).n === 1;
  const where = 'chain_id = ? and sequence = ?';
  const key = (row: Record<string, unknown>) => [row.chain_id, row.sequence];

  const original = middle.record as string;
  const changed = original.replace('"at"', '"aT"');
  expect(changed).not.toBe(original);
  database.prepare(`update ${table} set record = ? where ${where}`).run(changed, ...key(middle));
  expect(verify().status).toBe(1);
  database.prepare(`update ${table} set record = ? where ${where}`).run(original, ...key(middle));
  expect(verify().status).toBe(0);

  const full = (row: Record<string, unknown>) =>
    database.prepare(`select * from ${table} where ${where}`).get(...key(row)) as Record<string, unknown>;
  for (const row of [middle, last]) {
    const kept = full(row);
    database.prepare(`delete from ${table} where ${where}`).run(...key(row));
    const verdict = verify();
    expect(verdict.status).toBe(1);
    expect(verdict.stdout + verdict.stderr).toMatch(/\d/);
    restore(kept);
    expect(verify().status).toBe(0);
  }
  database.close();
});
