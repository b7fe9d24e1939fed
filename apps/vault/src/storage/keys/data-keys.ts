import type { Storage } from '../database/storage.js';

/** Finds a wrapped data key. Its row never changes, so it may be read in the middle of anything. */
export async function findWrappedDataKey(
  storage: Storage,
  appId: string,
  id: string,
): Promise<Buffer | null> {
  if (storage.native.kind === 'sqlite') {
    const row: unknown = storage.native.database
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

/** Finds an app's wrapped key-encryption key; null when there is no such app, empty when it was shredded. */
export async function findWrappedAppKey(storage: Storage, appId: string): Promise<Buffer | null> {
  if (storage.native.kind === 'sqlite') {
    const row: unknown = storage.native.database
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

/** Stores a new data key. */
export async function insertDataKey(
  storage: Storage,
  row: { app_id: string; id: string; wrapped_key: Buffer; created_at: number },
): Promise<void> {
  await storage.db.insertInto('data_keys').values(row).execute();
}
