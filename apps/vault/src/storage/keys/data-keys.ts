import { sql } from 'kysely';
import type { Storage } from '../database/storage.js';

/** A data key as it is stored. */
export interface NewDataKey {
  readonly app_id: string;
  readonly id: string;
  readonly wrapped_key: Buffer;
  readonly created_at: number;
}

/** Finds a wrapped data key as it is committed; may be called in the middle of anything. */
export async function findWrappedDataKey(
  storage: Storage,
  appId: string,
  id: string,
): Promise<Buffer | null> {
  if (storage.native.kind === 'sqlite') {
    const row: unknown = storage.native.reader
      .prepare('select wrapped_key from data_keys where app_id = ? and id = ?')
      .pluck()
      .get(appId, id);
    return Buffer.isBuffer(row) ? row : null;
  }
  const row = await storage.db
    .selectFrom('data_keys')
    .select('wrapped_key')
    .where('app_id', '=', appId)
    .where('id', '=', id)
    .executeTakeFirst();
  return row?.wrapped_key ?? null;
}

/** Finds an app's wrapped key-encryption key as it is committed; null when there is no such app, empty when it was shredded. */
export async function findWrappedAppKey(storage: Storage, appId: string): Promise<Buffer | null> {
  if (storage.native.kind === 'sqlite') {
    const row: unknown = storage.native.reader
      .prepare('select wrapped_key from apps where id = ?')
      .pluck()
      .get(appId);
    return Buffer.isBuffer(row) ? row : null;
  }
  const row = await storage.db
    .selectFrom('apps')
    .select('wrapped_key')
    .where('id', '=', appId)
    .executeTakeFirst();
  return row?.wrapped_key ?? null;
}

/**
 * Stores a new data key if the app's key is still the one that wraps it: `wrappedAppKey` as it was read, or null when the app's row
 * is still to come. On PostgreSQL the app's row is locked against a rotation at the same moment.
 * @returns whether it was stored
 */
export async function insertDataKey(
  storage: Storage,
  row: NewDataKey,
  wrappedAppKey: Buffer | null,
): Promise<boolean> {
  const bytes = sql.raw(storage.kind === 'sqlite' ? 'blob' : 'bytea');
  const values = sql`cast(${row.app_id} as text), cast(${row.id} as text), cast(${row.wrapped_key} as ${bytes}), cast(${row.created_at} as bigint)`;
  const condition =
    wrappedAppKey === null
      ? sql`where not exists (select 1 from apps where id = ${row.app_id})`
      : sql`from apps where id = ${row.app_id} and wrapped_key = ${wrappedAppKey}`;
  const lock = wrappedAppKey !== null && storage.kind === 'postgres' ? sql`for share` : sql``;
  const result =
    await sql`insert into data_keys (app_id, id, wrapped_key, created_at) select ${values} ${condition} ${lock}`.execute(
      storage.db,
    );
  return result.numAffectedRows === 1n;
}

/** Whether a data key may still seal: it is there, and no rotation has retired it. */
export async function isDataKeyInUse(storage: Storage, appId: string, id: string): Promise<boolean> {
  if (storage.native.kind === 'sqlite') {
    return (
      storage.native.reader
        .prepare('select 1 from data_keys where app_id = ? and id = ? and retired_at is null')
        .get(appId, id) !== undefined
    );
  }
  const row = await storage.db
    .selectFrom('data_keys')
    .select('id')
    .where('app_id', '=', appId)
    .where('id', '=', id)
    .where('retired_at', 'is', null)
    .executeTakeFirst();
  return row !== undefined;
}
