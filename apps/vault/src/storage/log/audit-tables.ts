import { sql, type Transaction } from 'kysely';
import { isUniqueViolation, readErrorCode } from '../database/database-error.js';
import type { Storage } from '../database/storage.js';
import type { Tables } from '../tables.js';

/** One table of audit records: `2026_11` names `audit_2026_11`. */
export type AuditMonth = string;

const monthPattern = /^\d{4}_(0[1-9]|1[0-2])$/;

/** The month (UTC) that a record of this time belongs to. */
export function findAuditMonth(atMs: number): AuditMonth {
  return new Date(atMs).toISOString().slice(0, 7).replace('-', '_');
}

/** The month after. */
export function findNextAuditMonth(month: AuditMonth): AuditMonth {
  const [year = 0, number = 1] = month.split('_').map(Number);
  return findAuditMonth(Date.UTC(year, number, 1));
}

/** Name of a month's table. Throws RangeError for anything that is no month: the name goes into SQL as it is. */
export function nameAuditTable(month: AuditMonth): string {
  if (!monthPattern.test(month)) throw new RangeError('an audit month looks like 2026_11');
  return `audit_${month}`;
}

/** Months that have a table, oldest first. */
export async function listAuditMonths(storage: Storage): Promise<AuditMonth[]> {
  const query =
    storage.kind === 'sqlite'
      ? sql<{
          name: string;
        }>`select name from sqlite_master where type = 'table' and name glob 'audit_[0-9]*'`
      : sql<{ name: string }>`select tablename as name from pg_catalog.pg_tables
          where schemaname = current_schema() and tablename ~ '^audit_[0-9]'`;
  const { rows } = await query.execute(storage.db);
  return rows.flatMap((row) => readAuditMonth(row.name) ?? []).sort();
}

/** The month whose table has this name; null for any other table. */
export function readAuditMonth(table: string): AuditMonth | null {
  const month = table.startsWith('audit_') ? table.slice('audit_'.length) : '';
  return monthPattern.test(month) ? month : null;
}

/** Makes a month's table with its append-only triggers (A5), unless it is there, also when several processes do it at once. */
export async function createAuditMonth(storage: Storage, month: AuditMonth): Promise<void> {
  if ((await listAuditMonths(storage)).includes(month)) return;
  try {
    await storage.transaction((trx) => createAuditTable(trx, storage.kind, month));
  } catch (error) {
    const isRace = isUniqueViolation(error) || readErrorCode(error) === '42P07';
    if (!isRace && !(await listAuditMonths(storage)).includes(month)) throw error;
  }
}

/** Makes a month's table as a part of something else; throws when it is there. */
export async function createAuditTable(
  trx: Transaction<Tables>,
  kind: Storage['kind'],
  month: AuditMonth,
): Promise<void> {
  const table = nameAuditTable(month);
  const bytes = kind === 'sqlite' ? 'blob' : 'bytea';
  const statements = [
    `create table ${table} (
      chain_id text not null, sequence bigint not null, app_id text, id text not null, at bigint not null,
      kind text not null, grant_id text, provider_id text, user_id text, outcome text, record text not null,
      hash ${bytes} not null, primary key (chain_id, sequence))`,
    ...listIndexes(table, kind),
    ...(kind === 'sqlite' ? listSqliteTriggers(table) : listPostgresTriggers(table)),
  ];
  for (const statement of statements) await sql.raw(statement).execute(trx);
}

function listIndexes(table: string, kind: Storage['kind']): string[] {
  if (kind === 'postgres') {
    return [`create unique index ${table}_id on ${table} (id)`];
  }
  // One index that only ever grows at its end, and holds what searches compare: an index by grant would make every record
  // touch a page of its own, which costs more than the record. Searches by grant have an index that is made behind the records.
  return [
    `create index ${table}_search on ${table} (id, at, kind, app_id, grant_id, provider_id, user_id, outcome)`,
  ];
}

function listSqliteTriggers(table: string): string[] {
  return ['update', 'delete'].map(
    (change) => `create trigger ${table}_no_${change} before ${change} on ${table}
      begin select raise(abort, 'audit records are append-only'); end`,
  );
}

function listPostgresTriggers(table: string): string[] {
  return [
    `create trigger ${table}_no_change before update or delete on ${table}
      for each row execute function refuse_audit_change()`,
    `create trigger ${table}_no_truncate before truncate on ${table}
      for each statement execute function refuse_audit_change()`,
  ];
}
