import type { Database } from 'better-sqlite3';
import type { ConnectionLock } from '../connection-lock.js';
import type { LogSync } from './log-sync.js';

/**
 * Commits without SQLite's own sync, which would stop the event loop, and waits for the log on the disk after the connection is free
 * again: the next batch gathers meanwhile. SQLite's log is read up to its first damaged page, so after a sync that failed nothing more
 * is added to it before all of it has been moved to the database file, and that synced.
 */
export function createLoggedRun(parts: {
  database: Database;
  lock: ConnectionLock;
  log: LogSync;
}): (work: (database: Database) => void) => Promise<void> {
  const { database, lock, log } = parts;
  let isLogDoubtful = false;

  const restartLog = (): void => {
    const [outcome] = database.pragma('wal_checkpoint(RESTART)') as { busy: number }[];
    if (outcome?.busy !== 0) throw new Error('the log of the database cannot be begun anew while it is read');
    isLogDoubtful = false;
  };

  return async (work) => {
    const release = lock.tryAcquire() ?? (await lock.acquire());
    try {
      if (isLogDoubtful) restartLog();
      database.pragma('synchronous = normal');
      try {
        work(database);
      } finally {
        database.pragma('synchronous = full');
      }
    } finally {
      release();
    }
    try {
      await log.sync();
    } catch (error) {
      isLogDoubtful = true;
      throw error;
    }
  };
}
