import type { Transaction } from 'kysely';
import { sql } from 'kysely';
import type pg from 'pg';
import { openPostgres } from '../database/postgres/open-postgres.js';
import { createAuditTable, readAuditMonth } from '../log/audit-tables.js';
import { migrations, NewerDataError } from '../migrations/migrate.js';
import type { Tables } from '../tables.js';
import { BackupRefusedError, restoreNoteKey } from './backup-facts.js';
import { connectPostgres, listTablesInOrder, type PostgresPlace } from './postgres-dump.js';

const batchRowsMax = 1_000;
const batchCharactersMax = 4_000_000;
/** Loading is one transaction, whatever its size. */
const statementTimeoutMs = 3_600_000;

/** Refuses a schema that holds anything. Throws BackupRefusedError. */
export async function checkPostgresIsEmpty(place: PostgresPlace): Promise<void> {
  const client = await connectPostgres(place, 'alter-restore');
  try {
    await refuseTables(client);
  } finally {
    await client.end();
  }
}

/**
 * Loads the lines of a snapshot into an empty schema, in one transaction: tables by the migrations that the backup has had, their
 * rows, and the note of the restore. A kill in the middle leaves nothing. Throws BackupRefusedError, NewerDataError.
 */
export async function loadPostgres(
  place: PostgresPlace,
  backup: { migrations: readonly string[]; lines: AsyncIterable<string>; note: Buffer },
): Promise<void> {
  const unknown = backup.migrations.filter((name) => !migrations.some((known) => known.name === name));
  if (unknown.length > 0) throw new NewerDataError(unknown);
  await checkPostgresIsEmpty(place);
  const storage = openPostgres({ ...place, dataDir: '', connectionsMax: 1, timeoutMs: statementTimeoutMs });
  try {
    await storage.db.transaction().execute(async (trx) => {
      await createTables(trx, backup.migrations);
      const tables = await loadLines(trx, backup.lines);
      for (const table of tables) await sql`alter table ${sql.table(table)} enable trigger user`.execute(trx);
      await trx
        .insertInto('meta')
        .values({ key: restoreNoteKey, value: backup.note })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: backup.note }))
        .execute();
    });
  } finally {
    await storage.close();
  }
}

async function refuseTables(client: pg.Client): Promise<void> {
  const tables = await listTablesInOrder(client);
  if (tables.length === 0) return;
  throw new BackupRefusedError(
    'database_not_empty',
    `The database is not empty (${tables.length} tables). Restore into an empty one: create a new database, and set DATABASE_URL to it.`,
  );
}

async function createTables(trx: Transaction<Tables>, names: readonly string[]): Promise<void> {
  await sql`create table schema_migrations (name text not null primary key, applied_at bigint not null)`.execute(
    trx,
  );
  for (const migration of migrations) {
    if (names.includes(migration.name)) await migration.run(trx, 'postgres');
  }
}

/** Loads every table, and gives their names; their triggers are off. */
async function loadLines(trx: Transaction<Tables>, lines: AsyncIterable<string>): Promise<string[]> {
  const counts: Record<string, number> = {};
  let table = '';
  let batch: string[] = [];
  let characters = 0;
  let expected: Record<string, number> | undefined;
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    const name = sql.table(table);
    await sql`insert into ${name} select * from json_populate_recordset(null::${name}, ${`[${batch.join(',')}]`}::json)`.execute(
      trx,
    );
    batch = [];
    characters = 0;
  };
  for await (const line of lines) {
    if (line.startsWith('#')) {
      await flush();
      const mark = JSON.parse(line.slice(1)) as { table?: string; end?: Record<string, number> };
      expected = mark.end;
      if (mark.table === undefined) continue;
      table = mark.table;
      counts[table] = 0;
      await prepareTable(trx, table);
    } else {
      batch.push(line);
      characters += line.length;
      counts[table] = (counts[table] ?? 0) + 1;
      if (batch.length >= batchRowsMax || characters >= batchCharactersMax) await flush();
    }
  }
  const isWhole =
    expected !== undefined &&
    Object.entries(expected).every(([name, count]) => counts[name] === count) &&
    Object.keys(counts).length === Object.keys(expected).length;
  if (!isWhole) throw new BackupRefusedError('backup_unusable', 'The backup does not hold all its rows.');
  return Object.keys(counts);
}

async function prepareTable(trx: Transaction<Tables>, table: string): Promise<void> {
  const month = readAuditMonth(table);
  if (month !== null) await createAuditTable(trx, 'postgres', month);
  // What a migration puts into its table is in the backup as well, maybe changed since.
  else await sql`delete from ${sql.table(table)}`.execute(trx);
  // They judge what a server writes now; what was written once passed them, in another order.
  await sql`alter table ${sql.table(table)} disable trigger user`.execute(trx);
}
