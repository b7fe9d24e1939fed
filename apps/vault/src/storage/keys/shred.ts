import { type RawBuilder, sql } from 'kysely';
import type { Storage } from '../database/storage.js';
import { type SealedColumn, sealedColumns } from './sealed/sealed-columns.js';

/** What taking an app out of use ended. */
export interface EndedUse {
  readonly apiKeys: number;
  readonly grants: number;
}

/** Rows that one statement changes: those of a large app at once would take longer than a statement may. */
const sliceRows = 1_000;

/**
 * Revokes every API key of an app and ends its webhooks in one commit: refused everywhere from the next request on (F7). Then its grants,
 * credentials and connect sessions, in slices; what is ended already stays as it is, so that it can be done again after a kill.
 */
export async function endAppUse(storage: Storage, appId: string, nowMs: number): Promise<EndedUse> {
  const apiKeys = await refuseCalls(storage, appId, nowMs);
  const grants = await updateInSlices(storage, 'grants', appId, {
    set: sql`status = 'revoked', revoked_at = ${nowMs}, revoked_by = 'shred'`,
    where: sql`status <> 'revoked'`,
  });
  await updateInSlices(storage, 'credentials', appId, {
    set: sql`status = 'revoked', has_refresh_token = 0, lease_holder = null, lease_deadline = null, updated_at = ${nowMs}`,
    where: sql`status <> 'revoked'`,
  });
  await updateInSlices(storage, 'connect_sessions', appId, {
    set: sql`status = 'expired', finished_at = ${nowMs}, version = version + 1`,
    where: sql`status = 'pending'`,
  });
  return { apiKeys, grants };
}

/**
 * Destroys an app's wrapped key and its data keys in one commit, which makes every sealed value unreadable, and then clears these values in
 * slices; after a kill it is done again. SQLite overwrites what it frees and empties its write-ahead log after each of the two.
 */
export async function destroyAppSecrets(storage: Storage, appId: string, nowMs: number): Promise<void> {
  const { native } = storage;
  if (native.kind === 'sqlite') native.database.pragma('secure_delete = on');
  try {
    await destroyKeys(storage, appId, nowMs);
    await emptyLog(storage);
    for (const at of sealedColumns) await clearColumn(storage, at, appId);
    await storage.db
      .updateTable('apps')
      .set((row) => ({ version: row('version', '+', 1) }))
      .where('id', '=', appId)
      .execute();
    await emptyLog(storage);
  } finally {
    if (native.kind === 'sqlite') native.database.pragma('secure_delete = off');
  }
}

async function refuseCalls(storage: Storage, appId: string, nowMs: number): Promise<number> {
  return storage.transaction(async (trx) => {
    const apiKeys = await trx
      .updateTable('api_keys')
      .set({ revoked_at: nowMs })
      .where('app_id', '=', appId)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
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
    return Number(apiKeys.numUpdatedRows);
  });
}

async function destroyKeys(storage: Storage, appId: string, nowMs: number): Promise<void> {
  await storage.transaction(async (trx) => {
    await trx
      .updateTable('apps')
      .set((row) => ({
        wrapped_key: Buffer.alloc(0),
        shredded_at: sql<number>`coalesce(shredded_at, ${nowMs})`,
        version: row('version', '+', 1),
        updated_at: nowMs,
      }))
      .where('id', '=', appId)
      .execute();
    await trx.deleteFrom('data_keys').where('app_id', '=', appId).execute();
    // A key whose signatures nobody can check any more is as good as unknown.
    await trx.deleteFrom('api_keys').where('app_id', '=', appId).execute();
    await trx
      .updateTable('key_rotations')
      .set({ phase: 'done', holder: null, deadline: null, finished_at: nowMs })
      .where('app_id', '=', appId)
      .where('finished_at', 'is', null)
      .execute();
  });
}

async function clearColumn(
  storage: Storage,
  { table, column, isNullable }: SealedColumn,
  appId: string,
): Promise<void> {
  const name = sql.ref(column);
  const none = isNullable ? sql`null` : storage.kind === 'postgres' ? sql`''::bytea` : sql`x''`;
  const length = storage.kind === 'postgres' ? sql`octet_length(${name})` : sql`length(${name})`;
  await updateInSlices(storage, table, appId, { set: sql`${name} = ${none}`, where: sql`${length} > 0` });
}

/** Changes an app's rows of one table, each slice a commit of its own. @returns how many */
async function updateInSlices(
  storage: Storage,
  table: string,
  appId: string,
  change: { set: RawBuilder<unknown>; where: RawBuilder<unknown> },
): Promise<number> {
  let changed = 0;
  for (let afterId = ''; ; ) {
    const { rows } = await sql<{ id: string }>`
      select id from ${sql.table(table)} where app_id = ${appId} and id > ${afterId}
      order by id limit ${sql.lit(sliceRows)}`.execute(storage.db);
    const last = rows.at(-1)?.id;
    if (last === undefined) return changed;
    const result = await sql`
      update ${sql.table(table)} set ${change.set}
      where app_id = ${appId} and id > ${afterId} and id <= ${last} and ${change.where}`.execute(storage.db);
    changed += Number(result.numAffectedRows ?? 0n);
    afterId = last;
    // On SQLite the slices would otherwise follow each other without letting anything else run.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function emptyLog({ native }: Storage): Promise<void> {
  if (native.kind !== 'sqlite') return;
  await native.runExclusive((database) => database.pragma('wal_checkpoint(TRUNCATE)'));
}
