import { sql } from 'kysely';
import type { Storage } from '../database/storage.js';
import { sealedColumns } from './sealed/sealed-columns.js';

/** What taking an app out of use ended. */
export interface EndedUse {
  readonly apiKeys: number;
  readonly grants: number;
}

/** Revokes every API key and grant of an app and ends its connect sessions and webhooks, in one commit: refused everywhere from the next request on (F7). */
export async function endAppUse(storage: Storage, appId: string, nowMs: number): Promise<EndedUse> {
  return storage.transaction(async (trx) => {
    const apiKeys = await trx
      .updateTable('api_keys')
      .set({ revoked_at: nowMs })
      .where('app_id', '=', appId)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    const grants = await trx
      .updateTable('grants')
      .set({ status: 'revoked', revoked_at: nowMs, revoked_by: 'shred' })
      .where('app_id', '=', appId)
      .where('status', '<>', 'revoked')
      .executeTakeFirst();
    await trx
      .updateTable('credentials')
      .set({
        status: 'revoked',
        has_refresh_token: 0,
        lease_holder: null,
        lease_deadline: null,
        updated_at: nowMs,
      })
      .where('app_id', '=', appId)
      .where('status', '<>', 'revoked')
      .execute();
    await trx
      .updateTable('connect_sessions')
      .set((row) => ({ status: 'expired', finished_at: nowMs, version: row('version', '+', 1) }))
      .where('app_id', '=', appId)
      .where('status', '=', 'pending')
      .execute();
    await trx
      .updateTable('webhooks')
      .set({ status: 'disabled', disabled_reason: 'app_shredded', updated_at: nowMs })
      .where('app_id', '=', appId)
      .execute();
    await trx
      .updateTable('apps')
      .set((row) => ({ version: row('version', '+', 1), updated_at: nowMs }))
      .where('id', '=', appId)
      .execute();
    return { apiKeys: Number(apiKeys.numUpdatedRows), grants: Number(grants.numUpdatedRows) };
  });
}

/**
 * Destroys an app's wrapped key, its data keys and every sealed value, in one commit. SQLite overwrites what it frees and empties its
 * write-ahead log afterwards.
 */
export async function destroyAppSecrets(storage: Storage, appId: string, nowMs: number): Promise<void> {
  const { native } = storage;
  if (native.kind === 'sqlite') native.database.pragma('secure_delete = on');
  try {
    await storage.transaction(async (trx) => {
      await trx
        .updateTable('apps')
        .set((row) => ({
          wrapped_key: Buffer.alloc(0),
          shredded_at: nowMs,
          version: row('version', '+', 1),
          updated_at: nowMs,
        }))
        .where('id', '=', appId)
        .execute();
      await trx.deleteFrom('data_keys').where('app_id', '=', appId).execute();
      // A key whose signatures nobody can check any more is as good as unknown.
      await trx.deleteFrom('api_keys').where('app_id', '=', appId).execute();
      for (const { table, column, isNullable } of sealedColumns) {
        await sql`
          update ${sql.table(table)} set ${sql.ref(column)} = ${isNullable ? null : Buffer.alloc(0)}
          where app_id = ${appId}`.execute(trx);
      }
      await trx
        .updateTable('key_rotations')
        .set({ phase: 'done', holder: null, deadline: null, finished_at: nowMs })
        .where('app_id', '=', appId)
        .where('finished_at', 'is', null)
        .execute();
    });
    if (native.kind === 'sqlite') {
      await native.runExclusive((database) => database.pragma('wal_checkpoint(TRUNCATE)'));
    }
  } finally {
    if (native.kind === 'sqlite') native.database.pragma('secure_delete = off');
  }
}
