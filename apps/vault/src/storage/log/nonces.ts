import { sql } from 'kysely';
import type { NativeHandle } from '../database/native-handle.js';
import type { Storage } from '../database/storage.js';

/** Seconds of request time that one nonce table serves; three tables take turns (T1). */
export const noncePeriodSeconds = 900;
/** PostgreSQL has a row for each nonce, SQLite one for each batch. */
const rowsPerSlice = { sqlite: 500, postgres: 5_000 };
/** Requests up to this far from the server's clock are accepted (T1). */
const clockToleranceSeconds = 300;

/** Where a nonce is kept: the period of its request, one of three tables, and the key in it. */
export interface NonceKey {
  readonly period: number;
  readonly turn: 0 | 1 | 2;
  readonly key: string;
}

/** Between the keys of one row: SQLite's tables hold the nonces of a batch and a period in one. */
const separator = '\n';

/** Finds the place of a nonce. The key starts with the period, so that old keys sort before all newer ones. */
export function locateNonce(apiKeyId: string, nonce: string, timestampSeconds: number): NonceKey {
  const period = Math.max(0, Math.floor(timestampSeconds / noncePeriodSeconds));
  return { period, turn: findTurn(period), key: `${formatPeriod(period)}:${apiKeyId}:${nonce}` };
}

/**
 * Deletes the nonces of requests that are too old to be accepted any more, in slices, and gives the number of rows. The table whose
 * turn is next is empty in time, and a clock that is ahead by up to one period deletes nothing that still counts.
 */
export async function deleteOldNonces(
  storage: Storage,
  nowMs: number,
  signal?: AbortSignal,
): Promise<number> {
  const limit = formatPeriod(findOldestPeriod(nowMs));
  let deleted = 0;
  for (const turn of [0, 1, 2] as const) {
    for (;;) {
      const count = await deleteSlice(storage, `nonces_${turn}`, limit);
      deleted += count;
      // On SQLite the slices would otherwise follow each other without letting anything else run.
      await new Promise((resolve) => setImmediate(resolve));
      if (count < rowsPerSlice[storage.kind] || signal?.aborted === true) break;
    }
  }
  return deleted;
}

/** The nonces in SQLite that still count, for the memory of a server that starts. */
export function* readNonces(
  native: NativeHandle & { kind: 'sqlite' },
  nowMs: number,
): Generator<NonceKey, void, undefined> {
  const oldest = findOldestPeriod(nowMs);
  for (const turn of [0, 1, 2] as const) {
    const rows = native.reader.prepare<[], string>(`select nonce from nonces_${turn}`).pluck().iterate();
    for (const row of rows) {
      for (const key of row.split(separator)) {
        const period = Number(key.slice(0, key.indexOf(':')));
        if (period >= oldest) yield { period, turn, key };
      }
    }
  }
}

/** The rows that hold a batch's nonces in SQLite, one for each period: a row is deleted once its period is over. */
export function joinNonces(claims: readonly (NonceKey | null)[]): { turn: 0 | 1 | 2; row: string }[] {
  const rows = new Map<number, { turn: 0 | 1 | 2; row: string }>();
  for (const claim of claims) {
    if (claim === null) continue;
    const joined = rows.get(claim.period);
    if (joined === undefined) rows.set(claim.period, { turn: claim.turn, row: claim.key });
    else joined.row += separator + claim.key;
  }
  return [...rows.values()];
}

async function deleteSlice(storage: Storage, table: string, limit: string): Promise<number> {
  const name = sql.table(table);
  // SQLite's tables are in the order of arrival, so that the oldest stand first; PostgreSQL's have their key.
  const slice =
    storage.kind === 'sqlite'
      ? sql`delete from ${name} where rowid in
          (select rowid from ${name} order by rowid limit ${sql.lit(rowsPerSlice[storage.kind])}) and nonce < ${limit}`
      : sql`delete from ${name} where nonce in
          (select nonce from ${name} where nonce < ${limit} order by nonce limit ${sql.lit(rowsPerSlice[storage.kind])})`;
  const result = await slice.execute(storage.db);
  return Number(result.numAffectedRows ?? 0n);
}

function findOldestPeriod(nowMs: number): number {
  const oldestSeconds = nowMs / 1000 - clockToleranceSeconds - noncePeriodSeconds;
  return Math.max(0, Math.floor(oldestSeconds / noncePeriodSeconds));
}

function findTurn(period: number): 0 | 1 | 2 {
  const turn = period % 3;
  return turn === 0 ? 0 : turn === 1 ? 1 : 2;
}

let lastPeriod = -1;
let lastPeriodText = '';

function formatPeriod(period: number): string {
  if (period !== lastPeriod) {
    lastPeriod = period;
    lastPeriodText = String(period).padStart(9, '0');
  }
  return lastPeriodText;
}
