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
      /** `writes` says what the work may change: rows that are kept, unless told that it is only tables of which nobody keeps any. */
      readonly runExclusive: <T>(work: (database: Database) => T, writes?: 'kept' | 'unkept') => Promise<T>;
      /** What was committed; whoever writes past kysely and `runExclusive` has to count it here. */
      readonly changes: ChangeCounter;
    }
  | { readonly kind: 'postgres'; readonly pool: Pool };
