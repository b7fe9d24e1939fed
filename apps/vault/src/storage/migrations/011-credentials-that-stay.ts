import { sql } from 'kysely';
import type { Migration } from './migration.js';

/** What was said of one grant, that its credential does not leave the vault, is a fact of the credential and so of every grant on it. */
export const credentialsThatStay: Migration = {
  name: '011-credentials-that-stay',
  run: async (trx) => {
    for (const statement of statements) await sql.raw(statement).execute(trx);
  },
};

const statements = [
  'alter table credentials add column is_proxy_only integer not null default 0',
  `update credentials set is_proxy_only = 1 where exists (
    select 1 from grants where grants.app_id = credentials.app_id and grants.credential_id = credentials.id
      and grants.status = 'active' and grants.policy_json like '%"proxy_only":true%')`,
];
