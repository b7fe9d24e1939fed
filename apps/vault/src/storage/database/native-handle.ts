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
      readonly runExclusive: <T>(work: (database: Database) => T) => Promise<T>;
      /**
       * The same for work that commits to the audit log's own tables alone, of which nobody keeps rows. Resolves once the commit is on
       * the disk, and lets others work meanwhile: they may see before that what a power cut would still undo. Rejects when it is not
       * known to be on the disk.
       */
      readonly runLogged: (work: (database: Database) => void) => Promise<void>;
      /** What was committed; whoever writes past kysely and these two has to count it here. */
      readonly changes: ChangeCounter;
    }
  | { readonly kind: 'postgres'; readonly pool: Pool };
