import type { Database } from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type QueryCompiler,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { TransactionScope } from '../transaction-scope.js';
import type { ChangeCounter } from './change-counter.js';
import type { ConnectionLock } from './connection-lock.js';
import { createStatementCache, type StatementCache } from './statement-cache.js';

interface SqliteParts {
  readonly database: Database;
  readonly lock: ConnectionLock;
  readonly scope: TransactionScope;
  readonly changes: ChangeCounter;
}

/**
 * Kysely on one better-sqlite3 connection. Unlike kysely's own it prepares each statement once, begins transactions as writers
 * (so that they cannot fail half way for want of the write lock), and refuses a query that would wait for its own transaction.
 */
export function createSqliteDialect(parts: SqliteParts): Dialect {
  return {
    createAdapter: (): DialectAdapter => new LockedSqliteAdapter(),
    createDriver: (): Driver => new SqliteDriver(parts),
    createIntrospector: (db: Kysely<unknown>): DatabaseIntrospector => new SqliteIntrospector(db),
    createQueryCompiler: (): QueryCompiler => new SqliteQueryCompiler(),
  };
}

const commit = 'commit';

class LockedSqliteAdapter extends SqliteAdapter {
  // The driver below has the lock itself, since the audit log's writer shares it.
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

class SqliteDriver implements Driver {
  readonly #parts: SqliteParts;
  readonly #connection: SqliteConnection;

  constructor(parts: SqliteParts) {
    this.#parts = parts;
    this.#connection = new SqliteConnection(parts);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#parts.scope.isInside() && this.#connection.isInTransaction) {
      throw new Error(
        'Inside a transaction every query must go through its trx: this one would wait for ever.',
      );
    }
    this.#connection.release = await this.#parts.lock.acquire();
    return this.#connection;
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
    this.#connection.isInTransaction = true;
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(commit));
    this.#connection.isInTransaction = false;
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    this.#connection.isInTransaction = false;
    // SQLite itself has rolled back after some errors, a full disk among them.
    if (this.#parts.database.inTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async releaseConnection(): Promise<void> {
    this.#connection.isInTransaction = false;
    this.#connection.release();
  }

  async destroy(): Promise<void> {
    this.#parts.database.close();
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #statements: StatementCache;
  readonly #changes: ChangeCounter;
  isInTransaction = false;
  release: () => void = () => {};

  constructor(parts: SqliteParts) {
    this.#statements = createStatementCache(parts.database);
    this.#changes = parts.changes;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const statement = this.#statements.prepare(query.sql);
    try {
      if (statement.reader) return { rows: statement.all(...query.parameters) as R[] };
      const { changes, lastInsertRowid } = statement.run(...query.parameters);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    } finally {
      // In the same step as the statement: between a commit and its count nobody may read. SQLite calls a commit read-only.
      if (!statement.readonly || query.sql === commit) this.#changes.add();
    }
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    for (const row of this.#statements.prepare(query.sql).iterate(...query.parameters)) {
      yield { rows: [row as R] };
    }
  }
}
