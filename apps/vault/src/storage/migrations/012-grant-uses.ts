import { sql } from 'kysely';
import type { DatabaseKind, Migration } from './migration.js';

/**
 * When a grant was last used stands in a narrow table of its own: in the wide row of the grant, each use wrote a page (SQLite) or a
 * version of the whole row (PostgreSQL). The old column stays, empty of meaning: processes of an older version may still write it.
 */
export const grantUses: Migration = {
  name: '012-grant-uses',
  run: async (trx, kind) => {
    for (const statement of listStatements(kind)) await sql.raw(statement).execute(trx);
  },
};

const listStatements = (kind: DatabaseKind): string[] => [
  `create table grant_uses (
    app_id text not null references apps (id), grant_id text not null, last_used_at bigint not null,
    primary key (app_id, grant_id))${kind === 'sqlite' ? ' without rowid' : ''}`,
  `insert into grant_uses (app_id, grant_id, last_used_at)
    select app_id, id, last_used_at from grants where last_used_at is not null`,
];
