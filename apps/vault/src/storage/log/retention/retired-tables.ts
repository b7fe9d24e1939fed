import { sql, type Transaction } from 'kysely';
import type { Storage } from '../../database/storage.js';
import type { Tables } from '../../tables.js';
import { type AuditMonth, nameAuditTable } from '../audit-tables.js';

/** Rows that one transaction deletes from a retired month: bounds how long SQLite holds up everything else. */
const rowsPerSlice = 2_000;

/**
 * Takes a month out of the log, in the transaction of the checkpoint that says so: from then on its records are in no search, export
 * or verification. PostgreSQL drops the table at once. SQLite, where dropping a large table takes long, gives it another name, and
 * `emptyRetired` does the rest.
 */
export async function retireAuditMonth(
  trx: Transaction<Tables>,
  kind: Storage['kind'],
  month: AuditMonth,
): Promise<void> {
  const table = nameAuditTable(month);
  const statement =
    kind === 'postgres' ? `drop table ${table}` : `alter table ${table} rename to ${nameRetired(month)}`;
  await sql.raw(statement).execute(trx);
}

/** Months that SQLite took out of the log and whose tables are still there. */
export async function listRetired(storage: Storage): Promise<AuditMonth[]> {
  if (storage.kind !== 'sqlite') return [];
  const { rows } = await sql<{
    name: string;
  }>`select name from sqlite_master where type = 'table' and name glob 'retired_[0-9]*'`.execute(storage.db);
  return rows.map((row) => row.name.slice('retired_'.length)).sort();
}

/** Deletes the records of a month that SQLite took out of the log, slice by slice, and then its table. */
export async function emptyRetired(storage: Storage, month: AuditMonth, signal?: AbortSignal): Promise<void> {
  const table = nameRetired(month);
  await sql.raw(`drop trigger if exists ${nameAuditTable(month)}_no_delete`).execute(storage.db);
  const slice = `delete from ${table} where rowid in (select rowid from ${table} limit ${rowsPerSlice})`;
  for (let deleted = rowsPerSlice; deleted >= rowsPerSlice; ) {
    if (signal?.aborted === true) return;
    deleted = Number((await sql.raw(slice).execute(storage.db)).numAffectedRows ?? 0n);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await sql.raw(`drop table if exists ${table}`).execute(storage.db);
}

function nameRetired(month: AuditMonth): string {
  return nameAuditTable(month).replace(/^audit_/, 'retired_');
}
