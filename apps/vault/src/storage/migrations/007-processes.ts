import { sql } from 'kysely';
import type { Migration } from './migration.js';

/** The processes that work on the database, with what each of them says of its clock. */
export const processes: Migration = {
  name: '007-processes',
  run: async (trx) => {
    await sql
      .raw(
        `create table processes (
          id text not null primary key, version text not null, started_at bigint not null, seen_at bigint not null,
          clock_skew_ms integer not null)`,
      )
      .execute(trx);
  },
};
