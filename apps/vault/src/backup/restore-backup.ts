import { createWriteStream, existsSync, mkdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BackupRefusedError } from '../storage/backup/backup-facts.js';
import { sqliteFileName } from '../storage/database/sqlite/open-sqlite.js';
import { acquireServerLock } from '../storage/database/sqlite/server-lock.js';
import { migrations, NewerDataError } from '../storage/migrations/migrate.js';
import type { BackupManifest } from './manifest.js';
import { type BackupFile, openBackupFile } from './read-backup-file.js';
import { writeRestoreNote } from './restore-note.js';

/** What to restore, and where to. */
export interface RestoreInput {
  readonly file: string;
  /** PostgreSQL; undefined means SQLite in `dataDir`. */
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  /** PostgreSQL schema; for tests. */
  readonly schema?: string | undefined;
  readonly nowMs: number;
  /** The server was stopped before the backup was made: no request was accepted that the backup does not know. */
  readonly knowsAllNonces: boolean;
  /** Refuses a vault key that the configured root keys do not open; is asked before anything is written (K4). */
  readonly checkVaultKey: (wrapped: Buffer) => Promise<void>;
}

/**
 * Restores a backup into an empty database; everything that can speak against it is checked before the first write.
 * A kill in the middle leaves the database empty. Throws BackupRefusedError, ConfigurationError, NewerDataError,
 * ServerAlreadyRunningError, or the driver's error.
 */
export async function restoreBackup(input: RestoreInput): Promise<BackupManifest> {
  const backup = await openBackupFile(input.file);
  const { manifest } = backup;
  await input.checkVaultKey(Buffer.from(manifest.vault_key, 'base64'));
  const unknown = manifest.migrations.filter((name) => !migrations.some((known) => known.name === name));
  if (unknown.length > 0) throw new NewerDataError(unknown);
  refuseOtherDatabase(manifest, input);
  const note = writeRestoreNote({
    madeAtMs: Date.parse(manifest.made_at),
    restoredAtMs: input.nowMs,
    sha256: backup.sha256,
    knowsAllNonces: input.knowsAllNonces,
  });
  if (input.databaseUrl === undefined) await restoreSqlite(input, backup, note);
  else await restorePostgres(input, input.databaseUrl, backup, note);
  return manifest;
}

function refuseOtherDatabase(manifest: BackupManifest, input: RestoreInput): void {
  const isPostgres = input.databaseUrl !== undefined;
  if (isPostgres === (manifest.database === 'postgres')) return;
  throw new BackupRefusedError(
    'backup_unusable',
    isPostgres
      ? 'The backup is one of SQLite, and DATABASE_URL names PostgreSQL. Unset it to restore into the data directory.'
      : 'The backup is one of PostgreSQL. Set DATABASE_URL to an empty database.',
  );
}

async function restoreSqlite(input: RestoreInput, backup: BackupFile, note: Buffer): Promise<void> {
  mkdirSync(input.dataDir, { recursive: true, mode: 0o700 });
  const lock = acquireServerLock(input.dataDir);
  try {
    const path = join(input.dataDir, sqliteFileName);
    const isTaken = ['', '-wal', '-shm'].some((suffix) => existsSync(path + suffix));
    if (isTaken) {
      throw new BackupRefusedError(
        'database_not_empty',
        `${path} is there already. Restore into an empty data directory, or move the old files away first.`,
      );
    }
    const { prepareRestoredFile } = await import('../storage/backup/sqlite-copy.js');
    const partial = `${path}.restoring`;
    try {
      await rm(partial, { force: true });
      await pipeline(backup.read(), createWriteStream(partial, { mode: 0o600, flags: 'wx', flush: true }));
      prepareRestoredFile(partial, note);
      await rename(partial, path);
    } finally {
      await rm(partial, { force: true });
      await rm(`${partial}-journal`, { force: true });
    }
  } finally {
    lock.release();
  }
}

async function restorePostgres(
  input: RestoreInput,
  databaseUrl: string,
  backup: BackupFile,
  note: Buffer,
): Promise<void> {
  const { loadPostgres } = await import('../storage/backup/postgres-load.js');
  await loadPostgres(
    { databaseUrl, schema: input.schema },
    { migrations: backup.manifest.migrations, lines: splitLines(backup.read()), note },
  );
}

async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
