import { type Kysely, sql, type Transaction } from 'kysely';
import { isUniqueViolation, readErrorCode } from '../database/database-error.js';
import type { Storage } from '../database/storage.js';
import { initialTables } from './001-initial-tables.js';
import { refreshForecast } from './002-refresh-forecast.js';
import { keyRotation } from './003-key-rotation.js';
import { auditCheckpoints } from './004-audit-checkpoints.js';
import { webhooks } from './005-webhooks.js';
import { managedSecrets } from './006-managed-secrets.js';
import { processes } from './007-processes.js';
import { accountGrants } from './008-account-grants.js';
import { lifecycleRecords } from './009-lifecycle-records.js';
import { appKeyWrappers } from './010-app-key-wrappers.js';
import { credentialsThatStay } from './011-credentials-that-stay.js';
import { grantUses } from './012-grant-uses.js';
import type { Migration } from './migration.js';

/** Every migration, in order. */
export const migrations: readonly Migration[] = [
  initialTables,
  refreshForecast,
  keyRotation,
  auditCheckpoints,
  webhooks,
  managedSecrets,
  processes,
  accountGrants,
  lifecycleRecords,
  appKeyWrappers,
  credentialsThatStay,
  grantUses,
];

interface MigrationTables {
  schema_migrations: { name: string; applied_at: number };
}

/** The data were written by a newer version of the program, which this one must not touch. */
export class NewerDataError extends Error {
  readonly code = 'data_is_newer';

  constructor(names: readonly string[]) {
    super(
      `The database was made by a newer version of the vault (${names.join(', ')}); start that version, or restore a backup.`,
    );
    this.name = 'NewerDataError';
  }
}

/**
 * Brings the tables up to date (F4). Each migration is one transaction that first claims its name, so that of several starting
 * processes one does it while the others wait for the outcome, and a kill in the middle leaves nothing of it.
 * Throws NewerDataError.
 */
export async function migrate(
  storage: Storage,
  options: { migrations?: readonly Migration[]; clock?: () => number } = {},
): Promise<{ applied: string[] }> {
  const known = options.migrations ?? migrations;
  const clock = options.clock ?? Date.now;
  await createMigrationTable(storage);
  const done = new Set(await listAppliedMigrations(storage));
  const unknown = [...done].filter((name) => !known.some((migration) => migration.name === name));
  if (unknown.length > 0) throw new NewerDataError(unknown);

  const applied: string[] = [];
  for (const migration of known) {
    if (!done.has(migration.name) && (await applyMigration(storage, migration, clock))) {
      applied.push(migration.name);
    }
  }
  return { applied };
}

/** Names of the migrations that the database has had; none when it is empty. Writes nothing. */
export async function listAppliedMigrations(storage: Storage): Promise<string[]> {
  if (!(await hasTable(storage, 'schema_migrations'))) return [];
  const rows = await readMigrationTables(storage.db)
    .selectFrom('schema_migrations')
    .select('name')
    .orderBy('name')
    .execute();
  return rows.map((row) => row.name);
}

/** Whether a table exists (in the schema of this storage). */
export async function hasTable(storage: Storage, name: string): Promise<boolean> {
  const query =
    storage.kind === 'sqlite'
      ? sql`select 1 from sqlite_master where type = 'table' and name = ${name}`
      : sql`select 1 from pg_catalog.pg_tables where schemaname = current_schema() and tablename = ${name}`;
  return (await query.execute(storage.db)).rows.length > 0;
}

async function createMigrationTable(storage: Storage): Promise<void> {
  if (await hasTable(storage, 'schema_migrations')) return;
  try {
    await sql`create table if not exists schema_migrations
      (name text not null primary key, applied_at bigint not null)`.execute(storage.db);
  } catch (error) {
    // PostgreSQL checks `if not exists` before it locks the name; of two at once the loser finds it taken.
    if (!isUniqueViolation(error) && readErrorCode(error) !== '42P07') throw error;
  }
}

async function applyMigration(storage: Storage, migration: Migration, clock: () => number): Promise<boolean> {
  try {
    await storage.transaction(async (trx) => {
      // Waits here while another process has claimed the name and not yet committed.
      await readMigrationTables(trx)
        .insertInto('schema_migrations')
        .values({ name: migration.name, applied_at: clock() })
        .execute();
      await migration.run(trx, storage.kind);
    });
    return true;
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    if ((await listAppliedMigrations(storage)).includes(migration.name)) return false;
    throw error;
  }
}

// The table is not among `Tables`: nothing but this file has any business with it.
function readMigrationTables(
  db: Kysely<never> | Storage['db'] | Transaction<never>,
): Kysely<MigrationTables> {
  return db as unknown as Kysely<MigrationTables>;
}
