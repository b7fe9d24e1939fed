import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { Storage } from '../src/storage/database/storage.js';
import type { Tables } from '../src/storage/tables.js';

/** The statements that a question sends, without an answer. */
export async function captureQueries(
  storage: Storage,
  ask: (storage: Storage) => Promise<unknown>,
): Promise<CompiledQuery[]> {
  const queries: CompiledQuery[] = [];
  const db = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (of) => new SqliteIntrospector(of),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
    log: (event) => void queries.push(event.query),
  });
  await ask({ ...storage, db });
  return queries;
}

/** How SQLite goes about a statement, step by step. */
export function explainQuery(storage: Storage, { sql, parameters }: CompiledQuery): string[] {
  if (storage.native.kind !== 'sqlite') throw new Error('not SQLite');
  return storage.native.database
    .prepare(`explain query plan ${sql}`)
    .all(...parameters)
    .map((step) => (step as { detail: string }).detail);
}
