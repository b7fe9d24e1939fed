import type { Database } from 'better-sqlite3';
import type { Pool } from 'pg';

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
      readonly runExclusive: <T>(work: (database: Database) => T) => Promise<T>;
    }
  | { readonly kind: 'postgres'; readonly pool: Pool };
