import { type Selectable, sql, type Transaction, type Updateable } from 'kysely';
import { uuidv7 } from 'uuidv7';
import { isUniqueViolation } from '../database/database-error.js';
import type { Storage } from '../database/storage.js';
import type { KeyRotationTable } from '../tables/settings-tables.js';
import type { Tables } from '../tables.js';

/** A rotation under way or finished, with its progress. */
export type KeyRotationRow = Selectable<KeyRotationTable>;

/** A rotation at its beginning: nothing is changed yet, and nobody works on it. */
export function buildRotationRow(
  start: Pick<
    KeyRotationRow,
    'kind' | 'app_id' | 'from_key' | 'to_key' | 'phase' | 'position_json' | 'total'
  >,
  nowMs: number,
): KeyRotationRow {
  return {
    ...start,
    id: uuidv7(),
    changed: 0,
    unreadable: 0,
    settled_at: null,
    holder: null,
    deadline: null,
    started_at: nowMs,
    updated_at: nowMs,
    finished_at: null,
  };
}

/** Stores a new rotation. @returns false when one of the same kind and app is under way */
export async function insertRotation(storage: Storage, row: KeyRotationRow): Promise<boolean> {
  try {
    await storage.db
      .insertInto('key_rotations')
      .values({ ...row, updated_at: storage.sharedNow() })
      .execute();
    return true;
  } catch (error) {
    if (isUniqueViolation(error)) return false;
    throw error;
  }
}

/** Takes a rotation back that has changed nothing yet. */
export async function deleteRotation(storage: Storage, id: string): Promise<void> {
  await storage.db.deleteFrom('key_rotations').where('id', '=', id).where('phase', '=', 'checking').execute();
}

/** Takes back what was said before a check that its process did not finish. */
export async function deleteStaleChecks(storage: Storage): Promise<void> {
  await storage.db
    .deleteFrom('key_rotations')
    .where('phase', '=', 'checking')
    .where('updated_at', '<', sql<number>`${storage.sharedNow()} - 60000`)
    .execute();
}

/** The checks are passed: the rotation begins. @returns false when it was taken back meanwhile */
export async function leaveChecking(storage: Storage, id: string): Promise<boolean> {
  const result = await storage.db
    .updateTable('key_rotations')
    .set({ phase: 'rewriting' })
    .where('id', '=', id)
    .where('phase', '=', 'checking')
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Every rotation that is not finished, oldest first. */
export function listRunningRotations(storage: Storage): Promise<KeyRotationRow[]> {
  return storage.db
    .selectFrom('key_rotations')
    .selectAll()
    .where('finished_at', 'is', null)
    .orderBy('id')
    .execute();
}

/** Rotations by their ids. */
export function listRotations(storage: Storage, ids: readonly string[]): Promise<KeyRotationRow[]> {
  if (ids.length === 0) return Promise.resolve([]);
  return storage.db.selectFrom('key_rotations').selectAll().where('id', 'in', ids).orderBy('id').execute();
}

/**
 * Takes a rotation that nobody holds (any more), and whose time to settle is over. @returns whether it is ours to go on with
 */
export async function takeRotation(
  storage: Storage,
  held: { id: string; holder: string; leaseMs: number },
): Promise<boolean> {
  const now = storage.sharedNow();
  const result = await storage.db
    .updateTable('key_rotations')
    .set({ holder: held.holder, deadline: sql<number>`${now} + ${sql.lit(held.leaseMs)}` })
    .where('id', '=', held.id)
    .where('finished_at', 'is', null)
    .where((is) => is.or([is('settled_at', 'is', null), is('settled_at', '<=', now)]))
    .where((is) => is.or([is('holder', 'is', null), is('deadline', '<=', now)]))
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** What a holder writes: progress, and with `settleMs` that nobody goes on before that time has passed. */
export interface RotationProgress
  extends Pick<
    Updateable<KeyRotationTable>,
    'phase' | 'position_json' | 'changed' | 'total' | 'unreadable' | 'to_key'
  > {
  readonly settleMs?: number;
  /** Gives the rotation back; else it is held for `leaseMs` more. */
  readonly isReleased?: boolean;
  readonly isFinished?: boolean;
}

/** Writes progress, and pushes the deadline. @returns false when the rotation was taken over: stop */
export async function updateRotation(
  storage: Storage,
  held: { id: string; holder: string; leaseMs: number },
  progress: RotationProgress,
): Promise<boolean> {
  const { settleMs, isReleased, isFinished, ...changes } = progress;
  const now = storage.sharedNow();
  const isGivenBack = isReleased === true || isFinished === true;
  const result = await storage.db
    .updateTable('key_rotations')
    .set({
      ...changes,
      updated_at: now,
      holder: isGivenBack ? null : held.holder,
      deadline: isGivenBack ? null : sql<number>`${now} + ${sql.lit(held.leaseMs)}`,
      ...(settleMs === undefined ? {} : { settled_at: sql<number>`${now} + ${sql.lit(settleMs)}` }),
      ...(isFinished === true ? { finished_at: now } : {}),
    })
    .where('id', '=', held.id)
    .where('holder', '=', held.holder)
    .where('finished_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Which rotation a holder believes to have. */
export interface HeldRotation {
  readonly id: string;
  readonly holder: string;
}

/** Whether a rotation still is the holder's; until the end of the transaction nobody else can take it. */
export async function isRotationHeld(
  trx: Transaction<Tables>,
  kind: Storage['kind'],
  held: HeldRotation,
): Promise<boolean> {
  let query = trx
    .selectFrom('key_rotations')
    .select('id')
    .where('id', '=', held.id)
    .where('holder', '=', held.holder)
    .where('finished_at', 'is', null);
  // On SQLite a transaction is the only one that writes.
  if (kind === 'postgres') query = query.forUpdate();
  return (await query.executeTakeFirst()) !== undefined;
}
