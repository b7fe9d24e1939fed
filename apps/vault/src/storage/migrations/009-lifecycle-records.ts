import { sql } from 'kysely';
import type { Migration } from './migration.js';

/** What happened to a grant or a credential and may not be on record yet, since its process can have died in between (A4). */
export const lifecycleRecords: Migration = {
  name: '009-lifecycle-records',
  run: async (trx) => {
    for (const statement of statements) await sql.raw(statement).execute(trx);
  },
};

const statements = [
  'alter table grants add column unrecorded_since bigint',
  'alter table credentials add column unrecorded_since bigint',
  'create index grants_unrecorded on grants (unrecorded_since, app_id, id) where unrecorded_since is not null',
  'create index credentials_unrecorded on credentials (unrecorded_since, app_id, id) where unrecorded_since is not null',
];
