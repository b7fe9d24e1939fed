import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { readErrorCode } from '../database-error.js';

// A database that nothing refers to is closed by the garbage collector, and the lock would go with it.
const heldLocks = new Set<Database>();

/** Held by the one server of a data directory. */
export interface ServerLock {
  release(): void;
}

/** Another server already runs on this data directory (F6); the process ends with exit code 1. */
export class ServerAlreadyRunningError extends Error {
  readonly code = 'server_already_running';

  constructor(dataDir: string, processId: number | null) {
    const who = processId === null ? 'Another server' : `Another server (process ${processId})`;
    super(
      `${who} already runs on the data directory ${dataDir}. Stop it first, give this one its own ALTER_VAULT_DATA_DIR, or set DATABASE_URL to share a PostgreSQL database.`,
    );
    this.name = 'ServerAlreadyRunningError';
  }
}

/**
 * Makes this process the only server on a data directory with SQLite (F6). The lock is the operating system's lock on `vault.lock`,
 * held by an open transaction on it, so it ends with the process however that ends; `vault.db` itself stays open to `alter`.
 * Throws ServerAlreadyRunningError.
 */
export function acquireServerLock(dataDir: string): ServerLock {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const database = openLockFile(dataDir, 300);
  try {
    database.exec('create table if not exists holder (process_id integer not null)');
    database.exec(`begin immediate; delete from holder; insert into holder values (${process.pid}); commit`);
    // Reserved, not exclusive: others may still read whose it is.
    database.exec('begin immediate');
  } catch (error) {
    const holder = isBusy(error) ? readHolder(database) : null;
    database.close();
    if (isBusy(error)) throw new ServerAlreadyRunningError(dataDir, holder);
    throw error;
  }
  heldLocks.add(database);
  return {
    release: () => {
      heldLocks.delete(database);
      database.close();
    },
  };
}

function openLockFile(dataDir: string, timeoutMs: number): Database {
  return new Sqlite(join(dataDir, 'vault.lock'), { timeout: timeoutMs });
}

function isBusy(error: unknown): boolean {
  return readErrorCode(error)?.startsWith('SQLITE_BUSY') === true;
}

function readHolder(database: Database): number | null {
  try {
    const row: unknown = database.prepare('select process_id from holder').pluck().get();
    return typeof row === 'number' ? row : null;
  } catch {
    return null;
  }
}
