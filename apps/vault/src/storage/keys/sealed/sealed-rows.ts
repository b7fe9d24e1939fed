import { type RawBuilder, sql } from 'kysely';
import type { Storage } from '../../database/storage.js';
import type { SealedColumn } from './sealed-columns.js';

/** One sealed value and the row it is in. */
export interface SealedRow {
  readonly id: string;
  readonly sealed: Buffer;
}

/** A value that takes another's place. */
export interface Resealed extends SealedRow {
  readonly resealed: Buffer;
}

/** How many values of an app name which data key. */
export interface KeyUse {
  readonly dataKeyId: string;
  readonly values: number;
}

/** A page of an app's values of one column, in the order of their ids, from after `afterId` on. Emptied values are left out. */
export async function listSealedRows(
  storage: Storage,
  at: SealedColumn,
  page: { appId: string; afterId: string; limit: number },
): Promise<SealedRow[]> {
  const { table, column } = describe(at);
  const { rows } = await sql<SealedRow>`
    select id, ${column} as sealed from ${table}
    where app_id = ${page.appId} and id > ${page.afterId} and ${measure(storage, column)} > 0
    order by id limit ${page.limit}`.execute(storage.db);
  return rows;
}

/** How many values an app has in one column. */
export async function countSealedRows(storage: Storage, at: SealedColumn, appId: string): Promise<number> {
  const { table, column } = describe(at);
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from ${table} where app_id = ${appId} and ${measure(storage, column)} > 0`.execute(
    storage.db,
  );
  return Number(rows[0]?.count ?? 0);
}

/**
 * Puts re-encrypted values in the place of those that were read, each only where nobody has written another one since
 * (compare-and-set on the bytes): a refresh at the same moment never loses its newer tokens (K3). Rows that processes keep in memory get
 * their app's next version in the same commit. @returns how many took their place
 */
export async function replaceSealed(
  storage: Storage,
  at: SealedColumn,
  appId: string,
  values: readonly Resealed[],
): Promise<number> {
  const { table, column } = describe(at);
  return storage.transaction(async (trx) => {
    let replaced = 0;
    if (storage.kind === 'postgres') {
      const result = await sql`
        update ${table} as t set ${column} = v.resealed
        from unnest(${values.map((value) => value.id)}::text[], ${values.map((value) => value.sealed)}::bytea[],
          ${values.map((value) => value.resealed)}::bytea[]) as v (id, sealed, resealed)
        where t.app_id = ${appId} and t.id = v.id and t.${column} = v.sealed`.execute(trx);
      replaced = Number(result.numAffectedRows ?? 0n);
    } else {
      for (const { id, sealed, resealed } of values) {
        const result = await sql`
          update ${table} set ${column} = ${resealed}
          where app_id = ${appId} and id = ${id} and ${column} = ${sealed}`.execute(trx);
        replaced += Number(result.numAffectedRows ?? 0n);
      }
    }
    if (at.isSettings && replaced > 0) {
      await trx
        .updateTable('apps')
        .set((row) => ({ version: row('version', '+', 1) }))
        .where('id', '=', appId)
        .execute();
    }
    return replaced;
  });
}

/** Counts an app's values of one column by the data key that their head names. */
export async function countKeyUse(storage: Storage, at: SealedColumn, appId: string): Promise<KeyUse[]> {
  const { table, column } = describe(at);
  const dataKeyId =
    storage.kind === 'postgres'
      ? sql`encode(substring(${column} from 3 for 36), 'escape')`
      : sql`cast(substr(${column}, 3, 36) as text)`;
  const { rows } = await sql<{ data_key_id: string; count: number }>`
    select ${dataKeyId} as data_key_id, count(*) as count from ${table}
    where app_id = ${appId} and ${measure(storage, column)} > 0 group by 1`.execute(storage.db);
  return rows.map((row) => ({ dataKeyId: row.data_key_id, values: Number(row.count) }));
}

function describe(at: SealedColumn): { table: RawBuilder<unknown>; column: RawBuilder<unknown> } {
  return { table: sql.table(at.table), column: sql.ref(at.column) };
}

function measure(storage: Storage, column: RawBuilder<unknown>): RawBuilder<unknown> {
  return storage.kind === 'postgres' ? sql`octet_length(${column})` : sql`length(${column})`;
}
