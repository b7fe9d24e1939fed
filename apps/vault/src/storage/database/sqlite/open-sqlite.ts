import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { Kysely, sql } from 'kysely';
import type { Tables } from '../../tables.js';
import { runWithRetries } from '../retry.js';
import type { Storage, StorageOptions } from '../storage.js';
import { createTransactionScope } from '../transaction-scope.js';
import { createChangeCounter } from './change-counter.js';
import { createConnectionLock } from './connection-lock.js';
import { createSqliteDialect } from './sqlite-driver.js';

/** Name of SQLite's file in the data directory. */
export const sqliteFileName = 'vault.db';

/** Opens (or makes) `vault.db`: WAL, synchronous FULL so that a commit is on the disk when it returns, foreign keys on. */
export function openSqlite(options: StorageOptions): Storage {
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const path = join(options.dataDir, sqliteFileName);
  makePrivate(path);
  const database = openConnection(path, options.timeoutMs);
  const reader = openConnection(path, options.timeoutMs);
  reader.pragma('query_only = on');

  const lock = createConnectionLock();
  const changes = createChangeCounter(database);
  const scope = createTransactionScope();
  const db = new Kysely<Tables>({ dialect: createSqliteDialect({ database, lock, scope, changes }) });

  return {
    kind: 'sqlite',
    db,
    urgent: db,
    native: {
      kind: 'sqlite',
      database,
      reader,
      isHeld: lock.isHeld,
      changes,
      runExclusive: async (work, writes = 'kept') => {
        const release = lock.tryAcquire() ?? (await lock.acquire());
        try {
          return work(database);
        } finally {
          if (writes === 'kept') changes.add();
          release();
        }
      },
    },
    // The scope begins once the connection is had: waiting for another transaction's end is no query inside one.
    transaction: (work) =>
      runWithRetries(() => db.transaction().execute((trx) => scope.run(() => work(trx)))),
    sharedNow: () => sql<number>`${Math.floor((options.sharedClock ?? Date.now)())}`,
    isInTransaction: () => scope.isInside(),
    isUsable: async () => {
      try {
        return existsSync(path) && reader.prepare('select 1 from sqlite_master limit 1').all().length >= 0;
      } catch {
        return false;
      }
    },
    close: async () => {
      reader.close();
      await db.destroy();
    },
  };
}

/** Only the owner may read the file, whatever the folder allows; SQLite gives its log the same rights. */
function makePrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

function openConnection(path: string, timeoutMs = 5_000): Database {
  // The wait for another process's write lock blocks this one, so it is short; `transaction` tries again without blocking.
  const database = new Sqlite(path, { timeout: Math.min(timeoutMs, 5_000) });
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = on');
  database.pragma('cache_size = -16000');
  database.pragma('wal_autocheckpoint = 4000');
  database.pragma('trusted_schema = off');
  return database;
}
