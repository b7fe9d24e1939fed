import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { sqliteFileName } from '../database/sqlite/open-sqlite.js';
import { type BackupFacts, BackupRefusedError, restoreNoteKey } from './backup-facts.js';

const allPages = 0x7fffffff;

/**
 * Copies a data directory's database as it is at one moment, whoever writes to it meanwhile. All pages go in one step under one
 * read transaction: copied in several, the copy would begin anew at each commit of the server. Blocks this process, not the server.
 * Only the owner may read the copy. Throws when there is a file of that name.
 */
export async function copySqliteDatabase(dataDir: string, target: string): Promise<BackupFacts> {
  const path = join(dataDir, sqliteFileName);
  if (!existsSync(path)) {
    throw new BackupRefusedError('nothing_to_back_up', `There is no database in ${dataDir}.`);
  }
  closeSync(openSync(target, 'wx', 0o600));
  const source = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 10_000 });
  try {
    await source.backup(target, { progress: () => allPages });
  } finally {
    source.close();
  }
  return useFile(target, (database) => {
    // One file: without it the copy would come with a log beside it at its first reading.
    database.pragma('journal_mode = delete');
    return readFacts(database);
  });
}

/** Checks a database file that came out of a backup, and notes the restore in it. Throws BackupRefusedError. */
export function prepareRestoredFile(path: string, note: Buffer): void {
  useFile(path, (database) => {
    const [verdict] = database.pragma('quick_check(1)', { simple: false }) as { quick_check: string }[];
    if (verdict?.quick_check !== 'ok') {
      throw new BackupRefusedError('backup_unusable', 'The database in the backup is damaged.');
    }
    database
      .prepare(
        'insert into meta (key, value) values (?, ?) on conflict (key) do update set value = excluded.value',
      )
      .run(restoreNoteKey, note);
  });
}

function readFacts(database: Database): BackupFacts {
  const hasMeta = database.prepare("select 1 from sqlite_master where name = 'meta'").get() !== undefined;
  const vaultKey: unknown = hasMeta
    ? database.prepare("select value from meta where key = 'vault_key'").pluck().get()
    : undefined;
  if (!Buffer.isBuffer(vaultKey)) {
    throw new BackupRefusedError('nothing_to_back_up', 'The database is empty: no server has used it yet.');
  }
  const names = database.prepare('select name from schema_migrations order by name').pluck().all();
  return { database: 'sqlite', migrations: names.map(String), vaultKey };
}

function useFile<T>(path: string, work: (database: Database) => T): T {
  const database = new Sqlite(path, { fileMustExist: true });
  try {
    return work(database);
  } finally {
    database.close();
  }
}
