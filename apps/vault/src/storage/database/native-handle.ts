import type { Database } from 'better-sqlite3';
import type { Pool } from 'pg';
import type { ChangeCounter } from './sqlite/change-counter.js';

/**
 * The driver beneath kysely. On SQLite `runExclusive` runs synchronous work on the one connection while no transaction is open on it;
 * `database` itself may be used at any time for reads of rows that never change.
 */
export type NativeHandle =
  | {
      readonly kind: 'sqlite';
      readonly database: Database;
      /** A second connection that only reads, and sees what is committed. */
      readonly reader: Database;
      /** Whether somebody works on `database` now, maybe in a transaction. */
      readonly isHeld: () => boolean;
      /** `writes` says what the work may change: rows, unless told that it is only the log's own tables, which nobody keeps. */
      readonly runExclusive: <T>(work: (database: Database) => T, writes?: 'rows' | 'log') => Promise<T>;
      /** What was committed; whoever writes past kysely and `runExclusive` has to count it here. */
      readonly changes: ChangeCounter;
    }
  | { readonly kind: 'postgres'; readonly pool: Pool };
