import type { Kysely, RawBuilder, Transaction } from 'kysely';
import type { Tables } from '../tables.js';
import type { NativeHandle } from './native-handle.js';

/** One open database: SQLite in this process, or a pool of PostgreSQL connections. */
export interface Storage {
  readonly kind: 'sqlite' | 'postgres';
  readonly db: Kysely<Tables>;
  /**
   * On PostgreSQL a connection that is set aside, for short statements that must not wait behind thousands of calls: a lease that
   * is not renewed in time is taken over although its holder is well.
   */
  readonly urgent: Kysely<Tables>;
  /** The driver beneath kysely; for `storage/` only, where a compiled query is too slow. */
  readonly native: NativeHandle;
  /**
   * Runs `work` in one transaction, again when the database refused it for concurrency (serialization failure, deadlock, busy).
   * `work` may therefore run more than once, and must not await the network nor a query outside of `trx`
   * (on SQLite such a query throws instead of waiting for ever).
   */
  transaction<T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T>;
  /**
   * Milliseconds since 1970, now, as an SQL expression: the one time that all processes of this database share, whatever their own
   * clocks say. Deadlines that one process writes and another one judges are made and compared with it (R2).
   */
  sharedNow(): RawBuilder<number>;
  /** Whether the calling code runs inside `transaction`. */
  isInTransaction(): boolean;
  /** Whether the database answers a query now; never throws. */
  isUsable(): Promise<boolean>;
  close(): Promise<void>;
}

/** Either the database or a transaction on it. */
export type Executor = Kysely<Tables> | Transaction<Tables>;

/** Where the data is. `databaseUrl` selects PostgreSQL; else SQLite's `vault.db` in `dataDir`, which is made (0700) when absent. */
export interface StorageOptions {
  readonly databaseUrl?: string | undefined;
  readonly dataDir: string;
  /** PostgreSQL schema that holds the tables; for tests. A pooler in transaction mode needs the default one. */
  readonly schema?: string | undefined;
  /** Connections to PostgreSQL at most, the one that is set aside included; 10 unless told. */
  readonly connectionsMax?: number | undefined;
  /** Stands for the shared time, in tests; else the database's own clock, which on SQLite is this machine's. */
  readonly sharedClock?: (() => number) | undefined;
  /** How long one statement, or the wait for a connection, may take before it fails; 10,000 unless told. */
  readonly timeoutMs?: number | undefined;
  /** The same for statements alone; 0: no limit. PostgreSQL. */
  readonly statementTimeoutMs?: number | undefined;
}
