import { openSqlite } from './sqlite/open-sqlite.js';
import type { Storage, StorageOptions } from './storage.js';

/**
 * Opens the database that the options name; it is not migrated yet (`migrate`). PostgreSQL is reached at the first query;
 * SQLite's file is made when absent. Throws the driver's error when the file cannot be opened.
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { databaseUrl } = options;
  if (databaseUrl === undefined || databaseUrl === '') return openSqlite(options);
  // Its driver takes a while to load, which a server on SQLite need not wait for.
  const { openPostgres } = await import('./postgres/open-postgres.js');
  return openPostgres({ ...options, databaseUrl });
}
