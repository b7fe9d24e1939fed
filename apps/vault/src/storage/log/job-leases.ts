import type { Storage } from '../database/storage.js';

/** Makes the row of a job unless it is there; it is due at `dueMs` at first. */
export async function ensureJob(storage: Storage, name: string, dueMs: number): Promise<void> {
  await storage.db
    .insertInto('job_leases')
    .values({ name, holder: null, deadline: null, next_run_at: dueMs, last_run_at: null })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
}

/** Takes a job that is due and that nobody holds (any more). @returns whether it is ours to run. */
export async function takeJob(
  storage: Storage,
  job: { name: string; holder: string; nowMs: number; deadlineMs: number },
): Promise<boolean> {
  const result = await storage.db
    .updateTable('job_leases')
    .set({ holder: job.holder, deadline: job.deadlineMs })
    .where('name', '=', job.name)
    .where('next_run_at', '<=', job.nowMs)
    .where((is) => is.or([is('holder', 'is', null), is('deadline', '<=', job.nowMs)]))
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Pushes the deadline of a job that runs. @returns false when it was lost. */
export async function renewJob(
  storage: Storage,
  job: { name: string; holder: string; deadlineMs: number },
): Promise<boolean> {
  const result = await storage.db
    .updateTable('job_leases')
    .set({ deadline: job.deadlineMs })
    .where('name', '=', job.name)
    .where('holder', '=', job.holder)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Gives a job back, due again at `nextRunMs`; nothing happens when it was lost meanwhile. */
export async function finishJob(
  storage: Storage,
  job: { name: string; holder: string; nowMs: number; nextRunMs: number },
): Promise<void> {
  await storage.db
    .updateTable('job_leases')
    .set({ holder: null, deadline: null, next_run_at: job.nextRunMs, last_run_at: job.nowMs })
    .where('name', '=', job.name)
    .where('holder', '=', job.holder)
    .execute();
}
