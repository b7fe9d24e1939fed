import { readKeyId } from '@alter-ai/core-crypto';
import { type Insertable, sql, type Transaction } from 'kysely';
import type { Storage } from '../database/storage.js';
import type { KeyRotationTable } from '../tables/settings-tables.js';
import type { Tables } from '../tables.js';
import { noteFormerWrapper } from './app-key-wrappers.js';
import { type HeldRotation, isRotationHeld } from './rotations.js';

/** An app as key work sees it. */
export interface AppKeyRow {
  readonly id: string;
  readonly slug: string;
  readonly wrapped_key: Buffer;
  readonly shredded_at: number | null;
}

/** A data key as it is stored. */
export interface DataKeyRow {
  readonly id: string;
  readonly wrapped_key: Buffer;
  readonly retired_at: number | null;
}

const columns = ['id', 'slug', 'wrapped_key', 'shredded_at'] as const;

/** Every app with its wrapped key, in the order of ids. */
export function listAppKeys(storage: Storage): Promise<AppKeyRow[]> {
  return storage.db.selectFrom('apps').select(columns).orderBy('id').execute();
}

/** One app with its wrapped key. */
export function findAppKey(storage: Storage, slug: string): Promise<AppKeyRow | undefined> {
  return storage.db.selectFrom('apps').select(columns).where('slug', '=', slug).executeTakeFirst();
}

/** The data keys of an app. */
export function listDataKeys(source: Storage | Transaction<Tables>, appId: string): Promise<DataKeyRow[]> {
  const db = 'db' in source ? source.db : source;
  return db
    .selectFrom('data_keys')
    .select(['id', 'wrapped_key', 'retired_at'])
    .where('app_id', '=', appId)
    .orderBy('id')
    .execute();
}

/**
 * Puts a re-wrapped form of the same app key in the place of the one that was read, and notes which root key it leaves.
 * @returns false when it was changed meanwhile
 */
export function replaceWrappedAppKey(
  storage: Storage,
  app: Pick<AppKeyRow, 'id' | 'wrapped_key'>,
  rewrapped: Buffer,
  nowMs: number,
): Promise<boolean> {
  return storage.transaction((trx) => changeWrappedKey(trx, app, rewrapped, nowMs));
}

async function changeWrappedKey(
  trx: Transaction<Tables>,
  app: Pick<AppKeyRow, 'id' | 'wrapped_key'>,
  wrappedKey: Buffer,
  nowMs: number,
): Promise<boolean> {
  const result = await trx
    .updateTable('apps')
    .set({ wrapped_key: wrappedKey })
    .where('id', '=', app.id)
    .where('wrapped_key', '=', app.wrapped_key)
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n) return false;
  const keyId = readKeyId(app.wrapped_key);
  if (keyId !== readKeyId(wrappedKey)) await noteFormerWrapper(trx, { appId: app.id, keyId, nowMs });
  return true;
}

/**
 * Gives an app a new key: in one commit the app's row takes it, every data key is wrapped by it (`rewrap`) and retired, and the
 * rotation begins. A data key that somebody makes at the same moment is either seen here, or not stored (`insertDataKey`).
 * @returns false when the app's key was changed meanwhile
 */
export async function beginAppRotation(
  storage: Storage,
  change: {
    app: Pick<AppKeyRow, 'id' | 'wrapped_key'>;
    wrappedKey: Buffer;
    rewrap: (dataKey: DataKeyRow) => Buffer;
    rotation: Insertable<KeyRotationTable>;
    nowMs: number;
  },
): Promise<boolean> {
  const { app, wrappedKey, rewrap, rotation, nowMs } = change;
  return storage.transaction(async (trx) => {
    if (!(await changeWrappedKey(trx, app, wrappedKey, nowMs))) return false;
    const dataKeys = await listDataKeys(trx, app.id);
    await updateInBatch(
      trx,
      storage.kind,
      app.id,
      dataKeys.map((dataKey) => ({ id: dataKey.id, wrapped: rewrap(dataKey) })),
    );
    await trx
      .updateTable('data_keys')
      .set({ retired_at: nowMs })
      .where('app_id', '=', app.id)
      .where('retired_at', 'is', null)
      .execute();
    await trx.insertInto('key_rotations').values(rotation).execute();
    return true;
  });
}

/**
 * From now on the database refuses to store a value sealed with a retired data key; waits for writes under way.
 * @returns when the last of them was closed, 0 where there is none; or null when somebody else has taken the rotation over: nothing
 * was changed then
 */
export function closeRetiredDataKeys(
  storage: Storage,
  appId: string,
  held: HeldRotation,
  nowMs: number,
): Promise<number | null> {
  return storage.transaction(async (trx) => {
    if (!(await isRotationHeld(trx, storage.kind, held))) return null;
    await trx
      .updateTable('data_keys')
      .set({ closed_at: nowMs })
      .where('app_id', '=', appId)
      .where('retired_at', 'is not', null)
      .where('closed_at', 'is', null)
      .execute();
    const row = await trx
      .selectFrom('data_keys')
      .select((is) => is.fn.max('closed_at').as('last'))
      .where('app_id', '=', appId)
      .executeTakeFirst();
    return Number(row?.last ?? 0);
  });
}

/**
 * Deletes data keys that were closed by `untilMs`, but for those named.
 * @returns how many, or null when somebody else has taken the rotation over: nothing was deleted then
 */
export function deleteClosedDataKeys(
  storage: Storage,
  appId: string,
  held: HeldRotation,
  which: { readonly untilMs: number; readonly kept: readonly string[] },
): Promise<number | null> {
  return storage.transaction(async (trx) => {
    if (!(await isRotationHeld(trx, storage.kind, held))) return null;
    let query = trx
      .deleteFrom('data_keys')
      .where('app_id', '=', appId)
      .where('closed_at', 'is not', null)
      .where('closed_at', '<=', which.untilMs);
    if (which.kept.length > 0) query = query.where('id', 'not in', which.kept);
    return Number((await query.executeTakeFirst()).numDeletedRows);
  });
}

/** Puts new wrapped forms of data keys in place, all at once. */
async function updateInBatch(
  trx: Transaction<Tables>,
  kind: 'sqlite' | 'postgres',
  appId: string,
  values: readonly { readonly id: string; readonly wrapped: Buffer }[],
): Promise<void> {
  if (kind === 'postgres') {
    await sql`
      update data_keys as d set wrapped_key = v.wrapped
      from unnest(${values.map((value) => value.id)}::text[], ${values.map((value) => value.wrapped)}::bytea[]) as v (id, wrapped)
      where d.app_id = ${appId} and d.id = v.id`.execute(trx);
    return;
  }
  for (const { id, wrapped } of values) {
    await trx
      .updateTable('data_keys')
      .set({ wrapped_key: wrapped })
      .where('app_id', '=', appId)
      .where('id', '=', id)
      .execute();
  }
}

/** Ids of the apps whose keys were destroyed. */
export async function listShreddedApps(storage: Storage): Promise<string[]> {
  const rows = await storage.db
    .selectFrom('apps')
    .select('id')
    .where('shredded_at', 'is not', null)
    .execute();
  return rows.map((row) => row.id);
}
