import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import type { Tables } from '../../tables.js';
import { StatementTimeoutError } from '../database-error.js';
import { runWithRetries } from '../retry.js';
import type { Storage, StorageOptions } from '../storage.js';
import { createTransactionScope } from '../transaction-scope.js';

const int8Oid = 20;

/**
 * Opens a pool of PostgreSQL connections. Nothing in it depends on the session: no settings, no named statements, no session
 * locks, so a pooler in transaction mode may stand between (only `schema`, for tests, is a start parameter).
 */
export function openPostgres(options: StorageOptions & { databaseUrl: string }): Storage {
  const connectionsMax = options.connectionsMax ?? 10;
  // One of them is set aside; of a single one nothing can be.
  const hasUrgent = connectionsMax > 1;
  const pool = openPool(options, hasUrgent ? connectionsMax - 1 : connectionsMax);

  const scope = createTransactionScope();
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const urgent = hasUrgent
    ? new Kysely<Tables>({ dialect: new PostgresDialect({ pool: openPool(options, 1) }) })
    : db;

  return {
    kind: 'postgres',
    db,
    urgent,
    native: { kind: 'postgres', pool },
    transaction: (work) => runWithRetries(() => scope.run(() => db.transaction().execute(work))),
    sharedNow: () => {
      const nowMs = options.sharedClock?.();
      // Not `now()`, which stands still during a transaction.
      return nowMs === undefined
        ? sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`
        : sql<number>`${Math.floor(nowMs)}::bigint`;
    },
    isInTransaction: () => scope.isInside(),
    isUsable: async () => {
      try {
        await sql`select 1`.execute(db);
        return true;
      } catch {
        return false;
      }
    },
    close: async () => {
      await Promise.all([db.destroy(), ...(hasUrgent ? [urgent.destroy()] : [])]);
    },
  };
}

function openPool(options: StorageOptions & { databaseUrl: string }, max: number): pg.Pool {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    max,
    connectionTimeoutMillis: timeoutMs,
    idleTimeoutMillis: 30_000,
    query_timeout: options.statementTimeoutMs ?? timeoutMs,
    keepAlive: true,
    application_name: 'alter-vault',
    ...(options.schema === undefined ? {} : { options: `-c search_path=${options.schema}` }),
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === int8Oid && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format),
    } as pg.CustomTypesConfig,
  });
  // An idle connection that dies is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => {});
  guardClients(pool);
  return pool;
}

// A connection whose statement timed out on our side is still busy on the server's: the next user would read its answer's
// delay, or wait for a lock that it holds. It is thrown away, and the server rolls back.
function guardClients(pool: pg.Pool): void {
  const wrapped = new WeakSet<pg.PoolClient>();
  pool.on('connect', (client) => {
    if (wrapped.has(client)) return;
    // While a connection is in use the pool does not listen: its death would end the process. The query that waits fails anyway.
    client.on('error', () => {});
    wrapped.add(client);
    const query = client.query.bind(client) as (...parts: unknown[]) => unknown;
    const patched = (...parts: unknown[]): unknown => {
      const answer = query(...parts);
      if (!(answer instanceof Promise)) return answer;
      return answer.catch((error: unknown) => {
        if (!(error instanceof Error) || error.message !== 'Query read timeout') throw error;
        void client.end().catch(() => {});
        throw new StatementTimeoutError();
      });
    };
    Object.assign(client, { query: patched });
  });
}
