import { sql } from 'kysely';
import type { Storage } from '../database/storage.js';
import { readDatabaseClock } from './operator-rows.js';

/** A process that works on the database. */
export interface ProcessRow {
  readonly id: string;
  readonly version: string;
  readonly started_at: number;
  /** Shared time. */
  readonly seen_at: number;
  readonly clock_skew_ms: number;
}

/** A process that was not seen for this long is gone. */
const seenWithinMs = 90_000;
const keptForMs = 3_600_000;

/**
 * How far a clock is from the database's, in ms: positive when it is ahead. Taken in the middle of a round trip; what the round trip
 * itself may account for does not count.
 */
export async function measureClockSkew(storage: Storage, clock: () => number): Promise<number> {
  const before = clock();
  const databaseMs = await readDatabaseClock(storage);
  const after = clock();
  const skewMs = Math.round((before + after) / 2 - databaseMs);
  const uncertainMs = Math.ceil((after - before) / 2);
  return Math.sign(skewMs) * Math.max(0, Math.abs(skewMs) - uncertainMs);
}

/** Says that a process lives, and how its clock stands; forgets those that are long gone. */
export async function storeProcess(storage: Storage, row: Omit<ProcessRow, 'seen_at'>): Promise<void> {
  const seen_at = storage.sharedNow();
  const { clock_skew_ms } = row;
  await storage.db
    .insertInto('processes')
    .values({ ...row, seen_at })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ seen_at, clock_skew_ms }))
    .execute();
  await storage.db
    .deleteFrom('processes')
    .where('seen_at', '<', sql<number>`${storage.sharedNow()} - ${sql.lit(keptForMs)}`)
    .execute();
}

/** A process ends. */
export async function deleteProcess(storage: Storage, id: string): Promise<void> {
  await storage.db.deleteFrom('processes').where('id', '=', id).execute();
}

/** The processes that live, oldest first. */
export function listProcesses(storage: Storage): Promise<ProcessRow[]> {
  return storage.db
    .selectFrom('processes')
    .selectAll()
    .where('seen_at', '>', sql<number>`${storage.sharedNow()} - ${sql.lit(seenWithinMs)}`)
    .orderBy('started_at')
    .orderBy('id')
    .execute();
}
