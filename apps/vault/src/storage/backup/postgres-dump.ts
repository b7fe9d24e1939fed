import pg from 'pg';
import { type BackupFacts, BackupRefusedError } from './backup-facts.js';

/** Where the tables are. */
export interface PostgresPlace {
  readonly databaseUrl: string;
  /** For tests; else the connection's own. */
  readonly schema?: string | undefined;
}

/** A database seen as it was at one moment. */
export interface PostgresSnapshot {
  readonly facts: BackupFacts;
  /** Lines: `#{"table":"…"}`, then its rows as JSON, one a line; at the end `#{"end":{"table":rows,…}}`. */
  readonly lines: AsyncIterable<string>;
  close(): Promise<void>;
}

const rowsPerFetch = 1_000;

/**
 * Opens a snapshot: one transaction that reads only, in repeatable read, so that all tables are of one moment while others write.
 * A cursor in a transaction is all it needs, which a pooler in transaction mode gives too; no program of PostgreSQL is called.
 */
export async function openPostgresSnapshot(place: PostgresPlace): Promise<PostgresSnapshot> {
  const client = await connectPostgres(place, 'alter-backup');
  try {
    await client.query('begin isolation level repeatable read read only');
    return {
      facts: await readFacts(client),
      lines: readLines(client),
      close: async () => {
        await client.end();
      },
    };
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

/** A connection of its own: a long transaction must not take one from the server's pool. */
export async function connectPostgres(place: PostgresPlace, name: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: place.databaseUrl,
    application_name: name,
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    ...(place.schema === undefined ? {} : { options: `-c search_path=${place.schema}` }),
  });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** The tables of the schema, each after those that its rows refer to. */
export async function listTablesInOrder(client: pg.Client): Promise<string[]> {
  const { rows: tables } = await client.query<{ name: string }>(
    'select tablename as name from pg_catalog.pg_tables where schemaname = current_schema() order by tablename',
  );
  const { rows: references } = await client.query<{ from: string; to: string }>(
    `select child.relname as from, parent.relname as to from pg_catalog.pg_constraint c
      join pg_catalog.pg_class child on child.oid = c.conrelid
      join pg_catalog.pg_class parent on parent.oid = c.confrelid
      join pg_catalog.pg_namespace n on n.oid = child.relnamespace
      where c.contype = 'f' and n.nspname = current_schema() and c.conrelid <> c.confrelid`,
  );
  const ordered: string[] = [];
  const visit = (name: string, above: readonly string[]): void => {
    if (ordered.includes(name) || above.includes(name)) return;
    for (const { from, to } of references) if (from === name) visit(to, [...above, name]);
    ordered.push(name);
  };
  for (const { name } of tables) visit(name, []);
  return ordered;
}

async function readFacts(client: pg.Client): Promise<BackupFacts> {
  const tables = await listTablesInOrder(client);
  if (!tables.includes('meta') || !tables.includes('schema_migrations')) {
    throw new BackupRefusedError('nothing_to_back_up', 'The database is empty: no server has used it yet.');
  }
  const { rows: keys } = await client.query<{ value: Buffer }>(
    "select value from meta where key = 'vault_key'",
  );
  const [key] = keys;
  if (key === undefined) {
    throw new BackupRefusedError('nothing_to_back_up', 'The database is empty: no server has used it yet.');
  }
  const { rows: names } = await client.query<{ name: string }>(
    'select name from schema_migrations order by name',
  );
  return { database: 'postgres', migrations: names.map((row) => row.name), vaultKey: key.value };
}

async function* readLines(client: pg.Client): AsyncGenerator<string, void, undefined> {
  const counts: Record<string, number> = {};
  for (const table of await listTablesInOrder(client)) {
    yield `#${JSON.stringify({ table })}\n`;
    let count = 0;
    const name = client.escapeIdentifier(table);
    await client.query(
      `declare rows_of_table no scroll cursor for select row_to_json(t)::text as line from ${name} t`,
    );
    for (;;) {
      const { rows } = await client.query<{ line: string }>(`fetch ${rowsPerFetch} from rows_of_table`);
      if (rows.length > 0) yield rows.map((row) => `${row.line}\n`).join('');
      count += rows.length;
      if (rows.length < rowsPerFetch) break;
    }
    await client.query('close rows_of_table');
    counts[table] = count;
  }
  yield `#${JSON.stringify({ end: counts })}\n`;
}
