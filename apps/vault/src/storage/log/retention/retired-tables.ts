import { sql, type Transaction } from 'kysely';
import type { Storage } from '../../database/storage.js';
import type { Tables } from '../../tables.js';
import { type AuditMonth, nameAuditTable } from '../audit-tables.js';
import { deleteSegments } from '../search/segment-rows.js';

/** Rows that one transaction deletes from a retired month: bounds how long SQLite holds up everything else. */
const rowsPerSlice = 2_000;

/**
 * Takes a month out of the log, in the transaction of the checkpoint that says so: its table gets another name, which is done at once
 * whatever its size. From then on its records are in no search, export or verification. Deleting them is left to `dropRetired`.
 */
export async function retireAuditMonth(trx: Transaction<Tables>, month: AuditMonth): Promise<void> {
  await sql.raw(`alter table ${nameAuditTable(month)} rename to ${nameRetired(month)}`).execute(trx);
}

/** Months that were taken out of the log and whose tables are still there. */
export async function listRetiredTables(storage: Storage): Promise<AuditMonth[]> {
  const query =
    storage.kind === 'sqlite'
      ? sql<{
          name: string;
        }>`select name from sqlite_master where type = 'table' and name glob 'retired_[0-9]*'`
      : sql<{ name: string }>`select tablename as name from pg_catalog.pg_tables
          where schemaname = current_schema() and tablename ~ '^retired_[0-9]{4}_[0-9]{2}$'`;
  const { rows } = await query.execute(storage.db);
  return rows.map((row) => row.name.slice('retired_'.length)).sort();
}

/** Drops the table of a month that was taken out of the log; in slices on SQLite, where dropping a large one takes long. */
export async function dropRetired(storage: Storage, month: AuditMonth, signal?: AbortSignal): Promise<void> {
  const table = nameRetired(month);
  await deleteSegments(storage, month, signal);
  if (storage.kind === 'sqlite') {
    await sql.raw(`drop trigger if exists ${nameAuditTable(month)}_no_delete`).execute(storage.db);
    const slice = `delete from ${table} where rowid in (select rowid from ${table} limit ${rowsPerSlice})`;
    for (let deleted = rowsPerSlice; deleted >= rowsPerSlice; ) {
      if (signal?.aborted === true) return;
      deleted = Number((await sql.raw(slice).execute(storage.db)).numAffectedRows ?? 0n);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await sql.raw(`drop table if exists ${table}`).execute(storage.db);
}

function nameRetired(month: AuditMonth): string {
  return nameAuditTable(month).replace(/^audit_/, 'retired_');
}
