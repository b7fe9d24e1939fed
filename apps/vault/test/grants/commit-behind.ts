import { type Kysely, sql, type Transaction } from 'kysely';
import type { Storage } from '../../src/storage/database/storage.js';
import type { Tables } from '../../src/storage/tables.js';

/**
 * Does `work` in a transaction and commits it once `other`, begun after it, is done or waits for it. On SQLite, where transactions
 * come one after the other anyway, it commits at once.
 */
export async function commitBehind<T>(
  storage: Storage,
  work: (trx: Transaction<Tables>) => Promise<unknown>,
  other: () => Promise<T>,
): Promise<T> {
  const { promise: begun, resolve: begin } = Promise.withResolvers<number>();
  const { promise: go, resolve: letGo } = Promise.withResolvers<void>();
  const whole = storage.transaction(async (trx) => {
    await work(trx);
    begin(storage.kind === 'postgres' ? await readBackend(trx) : 0);
    await go;
  });
  const backend = await begun;
  const outcome = other();
  let isDone = storage.kind === 'sqlite';
  const end = () => {
    isDone = true;
  };
  const done = outcome.then(end, end);
  while (!isDone && !(await isSomebodyBehind(storage, backend)));
  letGo();
  await Promise.all([whole, done]);
  return outcome;
}

async function readBackend(trx: Kysely<Tables>): Promise<number> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx);
  return rows[0]?.pid ?? 0;
}

async function isSomebodyBehind(storage: Storage, backend: number): Promise<boolean> {
  const { rows } = await sql`
    select 1 from pg_stat_activity where ${backend} = any (pg_blocking_pids(pid))`.execute(storage.db);
  return rows.length > 0;
}
