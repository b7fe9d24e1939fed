import { sql } from 'kysely';
import type { Migration } from './migration.js';

/**
 * Root keys that an app's key was under before the one that it is under now, which copies of the database from then still show (K2).
 * Of apps that were there in a rotation of the root key until now nobody knows which: their row has no name.
 */
export const appKeyWrappers: Migration = {
  name: '010-app-key-wrappers',
  run: async (trx) => {
    const statements = [
      `create table app_key_wrappers (
        app_id text not null, key_id text not null, left_at bigint not null, primary key (app_id, key_id))`,
      `insert into app_key_wrappers (app_id, key_id, left_at)
        select a.id, '', max(coalesce(r.finished_at, r.updated_at)) from apps a, key_rotations r
        where r.kind = 'root' and r.phase <> 'checking' and coalesce(r.finished_at, r.updated_at) >= a.created_at
        group by a.id`,
    ];
    for (const statement of statements) await sql.raw(statement).execute(trx);
  },
};
