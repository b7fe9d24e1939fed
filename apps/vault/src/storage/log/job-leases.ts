import { sql } from 'kysely';
import type { Storage } from '../database/storage.js';

/** The shared time (`Storage.sharedNow`), ms since 1970: what all processes agree on, whoever of them has the job. */
export async function readSharedNow(storage: Storage): Promise<number> {
  const { rows } = await sql<{ now_ms: number }>`select ${storage.sharedNow()} as now_ms`.execute(storage.db);
  const [row] = rows;
  if (!row) throw new Error('the database tells no time');
  return row.now_ms;
}

/** Makes the row of a job unless it is there; it is due at once at first. */
export async function ensureJob(storage: Storage, name: string): Promise<void> {
  await storage.db
    .insertInto('job_leases')
    .values({ name, holder: null, deadline: null, next_run_at: storage.sharedNow(), last_run_at: null })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
}

/** Takes a job that is due and that nobody holds (any more). @returns whether it is ours to run. */
export async function takeJob(
  storage: Storage,
  job: { name: string; holder: string; leaseMs: number },
): Promise<boolean> {
  const result = await storage.db
    .updateTable('job_leases')
    .set({ holder: job.holder, deadline: addToNow(storage, job.leaseMs) })
    .where('name', '=', job.name)
    .where('next_run_at', '<=', storage.sharedNow())
    .where((is) => is.or([is('holder', 'is', null), is('deadline', '<=', storage.sharedNow())]))
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Pushes the deadline of a job that runs. @returns false when it was lost. */
export async function renewJob(
  storage: Storage,
  job: { name: string; holder: string; leaseMs: number },
): Promise<boolean> {
  const result = await storage.urgent
    .updateTable('job_leases')
    .set({ deadline: addToNow(storage, job.leaseMs) })
    .where('name', '=', job.name)
    .where('holder', '=', job.holder)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Gives a job back, due again in `nextInMs`; nothing happens when it was lost meanwhile. */
export async function finishJob(
  storage: Storage,
  job: { name: string; holder: string; nextInMs: number },
): Promise<void> {
  await storage.db
    .updateTable('job_leases')
    .set({
      holder: null,
      deadline: null,
      next_run_at: addToNow(storage, job.nextInMs),
      last_run_at: storage.sharedNow(),
    })
    .where('name', '=', job.name)
    .where('holder', '=', job.holder)
    .execute();
}

function addToNow(storage: Storage, ms: number) {
  return sql<number>`${storage.sharedNow()} + ${Math.round(ms)}`;
}
