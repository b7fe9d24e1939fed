import { sql } from 'kysely';
import type { Migration } from './migration.js';

/** Finds the live grants of one provider account: before it is ended at the provider nobody else may be using it. */
export const accountGrants: Migration = {
  name: '008-account-grants',
  run: async (trx) => {
    await sql
      .raw(
        `create index grants_subject on grants (app_id, provider_config_id, issuer, subject) where status = 'active'`,
      )
      .execute(trx);
  },
};
