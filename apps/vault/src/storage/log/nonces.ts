import { sql } from 'kysely';
import type { Storage } from '../database/storage.js';

/** Seconds of request time that one nonce table serves; three tables take turns (T1). */
export const noncePeriodSeconds = 900;
const rowsPerSlice = 5_000;
/** Requests up to this far from the server's clock are accepted (T1). */
const clockToleranceSeconds = 300;

/** Where a nonce is kept: one of three tables, and the unique key in it. */
export interface NonceKey {
  readonly turn: 0 | 1 | 2;
  readonly key: string;
}

/** Finds the place of a nonce. The key starts with the period, so that old keys sort before all newer ones. */
export function locateNonce(apiKeyId: string, nonce: string, timestampSeconds: number): NonceKey {
  const period = Math.max(0, Math.floor(timestampSeconds / noncePeriodSeconds));
  return { turn: findTurn(period), key: `${formatPeriod(period)}:${apiKeyId}:${nonce}` };
}

/**
 * Deletes the nonces of requests that are too old to be accepted any more, in slices, and gives their number. The table whose
 * turn is next is empty in time, and a clock that is ahead by up to one period deletes nothing that still counts.
 */
export async function deleteOldNonces(
  storage: Storage,
  nowMs: number,
  signal?: AbortSignal,
): Promise<number> {
  const oldestSeconds = nowMs / 1000 - clockToleranceSeconds - noncePeriodSeconds;
  const limit = formatPeriod(Math.max(0, Math.floor(oldestSeconds / noncePeriodSeconds)));
  let deleted = 0;
  for (const turn of [0, 1, 2] as const) {
    for (;;) {
      const count = await deleteSlice(storage, `nonces_${turn}`, limit);
      deleted += count;
      // On SQLite the slices would otherwise follow each other without letting anything else run.
      await new Promise((resolve) => setImmediate(resolve));
      if (count < rowsPerSlice || signal?.aborted === true) break;
    }
  }
  return deleted;
}

async function deleteSlice(storage: Storage, table: string, limit: string): Promise<number> {
  const name = sql.table(table);
  const result = await sql`delete from ${name} where nonce in
    (select nonce from ${name} where nonce < ${limit} order by nonce limit ${sql.lit(rowsPerSlice)})`.execute(
    storage.db,
  );
  return Number(result.numAffectedRows ?? 0n);
}

function findTurn(period: number): 0 | 1 | 2 {
  const turn = period % 3;
  return turn === 0 ? 0 : turn === 1 ? 1 : 2;
}

function formatPeriod(period: number): string {
  return String(period).padStart(9, '0');
}
