import type { Transaction } from 'kysely';
import type { Storage } from '../database/storage.js';
import { hasTable } from '../migrations/migrate.js';
import type { Tables } from '../tables.js';

/** Reads one fact about the whole database; null when it is not there, or nothing is yet. Writes nothing. */
export async function readMeta(storage: Storage, key: string): Promise<Buffer | null> {
  if (!(await hasTable(storage, 'meta'))) return null;
  const row = await storage.db.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirst();
  return row?.value ?? null;
}

/** Stores a fact unless it is there already, and gives what is there afterwards: of several processes all get the same. */
export async function insertMetaOnce(storage: Storage, key: string, value: Buffer): Promise<Buffer> {
  await storage.db
    .insertInto('meta')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
  return (await readMeta(storage, key)) ?? value;
}

/** Whether the database holds an app, so secrets. */
export async function hasApps(storage: Storage): Promise<boolean> {
  if (!(await hasTable(storage, 'apps'))) return false;
  return (await storage.db.selectFrom('apps').select('id').limit(1).executeTakeFirst()) !== undefined;
}

/** Puts another value in the place of the one that was read. @returns false when it was changed meanwhile */
export async function replaceMeta(
  storage: Storage,
  key: string,
  old: Buffer,
  value: Buffer,
): Promise<boolean> {
  const result = await storage.db
    .updateTable('meta')
    .set({ value })
    .where('key', '=', key)
    .where('value', '=', old)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Stores a fact in place of what was there. */
export async function putMeta(trx: Transaction<Tables>, key: string, value: Buffer): Promise<void> {
  await trx
    .insertInto('meta')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
}
