import { sql, type Transaction } from 'kysely';
import type { Tables } from '../tables.js';
import type { Migration } from './migration.js';

/**
 * Managed secrets: providers of a second kind, whose credentials the developer or the user stores. Grants may belong to a
 * group, and several may rest on one credential under labels of their own.
 */
export const managedSecrets: Migration = {
  name: '006-managed-secrets',
  run: async (trx, kind) => {
    const statements = [
      "alter table provider_configs add column kind text not null default 'oauth' check (kind in ('oauth', 'managed_secret'))",
      'alter table credentials add column label text',
      "alter table credentials add column owner text check (owner in ('developer', 'end_user'))",
      "alter table grants add column grant_kind text not null default 'oauth' check (grant_kind in ('oauth', 'managed_secret'))",
      "alter table grants add column sibling_label text not null default ''",
      'drop index grants_account',
    ];
    for (const statement of statements) await sql.raw(statement).execute(trx);
    if (kind === 'sqlite') await widenCheckInSqlite(trx);
    else {
      await sql.raw('alter table grants drop constraint grants_principal_type_check').execute(trx);
      await sql
        .raw(`alter table grants add constraint grants_principal_type_check check (${widened})`)
        .execute(trx);
    }
    for (const statement of indexes) await sql.raw(statement).execute(trx);
  },
};

const narrow = "principal_type in ('user', 'system')";
const widened = "principal_type in ('user', 'system', 'group')";

const indexes = [
  `create unique index grants_account on grants
    (app_id, principal_type, principal_id, provider_config_id, issuer, subject, sibling_label) where status <> 'revoked'`,
  `create unique index credentials_label on credentials (app_id, provider_config_id, label)
    where owner = 'developer' and status <> 'revoked'`,
];

/** SQLite changes no check of a table that is there: the table is made anew, as it is now, and takes its rows and indexes along. */
async function widenCheckInSqlite(trx: Transaction<Tables>): Promise<void> {
  const { rows } = await sql<{ type: string; name: string; sql: string | null }>`
    select type, name, sql from sqlite_master where tbl_name = 'grants' and sql is not null`.execute(trx);
  const table = rows.find((row) => row.type === 'table')?.sql ?? '';
  if (!table.includes(narrow)) throw new Error('The table grants is not as this migration expects it.');
  const next = table
    .replace(narrow, widened)
    .replace(/^create table "?grants"?/i, 'create table grants_next');
  await sql.raw(next).execute(trx);
  await sql.raw('insert into grants_next select * from grants').execute(trx);
  await sql.raw('drop table grants').execute(trx);
  await sql.raw('alter table grants_next rename to grants').execute(trx);
  for (const row of rows) if (row.type !== 'table' && row.sql) await sql.raw(row.sql).execute(trx);
}
