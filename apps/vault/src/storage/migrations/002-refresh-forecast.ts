import { sql } from 'kysely';
import type { Migration } from './migration.js';

/** What is due later: refresh ahead of limits, records of expired grants, revocations to finish; and facts of the forecast. */
export const refreshForecast: Migration = {
  name: '002-refresh-forecast',
  run: async (trx) => {
    for (const statement of statements) await sql.raw(statement).execute(trx);
  },
};

const statements = [
  'alter table credentials add column authorized_at bigint',
  'alter table credentials add column renew_at bigint',
  'alter table credentials add column refresh_expiry_kind text',
  'alter table credentials add column intent_unsent_lease integer',
  'alter table provider_configs add column renewal_facts text',
  'alter table grants add column expiry_record_state integer not null default 0',
  'alter table grants add column revocation_due_at bigint',
  'alter table grants add column revocation_attempts integer',
  // The nearest known time; a reauthorization since then is not recorded anywhere.
  'update credentials set authorized_at = created_at',
  'create index credentials_renewal on credentials (renew_at, app_id, id) where renew_at is not null',
  `create index grants_expiry on grants (expires_at, app_id, id)
    where expires_at is not null and expiry_record_state < 2 and status = 'active'`,
  'create index grants_revocation on grants (revocation_due_at, app_id, id) where revocation_due_at is not null',
];
