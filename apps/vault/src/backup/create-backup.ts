import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readKeyId } from '@alter-ai/core-crypto';
import type { BackupFacts } from '../storage/backup/backup-facts.js';
import { type BackupManifest, backupFormatVersion } from './manifest.js';
import { writeBackupFile } from './write-backup-file.js';

/** Which database to copy, and where to. */
export interface BackupInput {
  /** PostgreSQL; undefined means SQLite in `dataDir`. */
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  /** PostgreSQL schema; for tests. */
  readonly schema?: string | undefined;
  readonly file: string;
  readonly nowMs: number;
  /** Version of the program. */
  readonly madeBy: string;
}

/** A backup that is on the disk. */
export interface MadeBackup {
  readonly file: string;
  readonly manifest: BackupManifest;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Makes a consistent copy of the database in one file, while servers work on it (F5). Needs no key: what is secret is sealed in the
 * database and stays so. Throws BackupRefusedError, or the driver's error; then there is no file.
 */
export async function createBackup(input: BackupInput): Promise<MadeBackup> {
  return input.databaseUrl === undefined ? backUpSqlite(input) : backUpPostgres(input, input.databaseUrl);
}

async function backUpSqlite(input: BackupInput): Promise<MadeBackup> {
  const { copySqliteDatabase } = await import('../storage/backup/sqlite-copy.js');
  const copy = `${resolve(input.file)}.partial-copy`;
  try {
    await rm(copy, { force: true });
    const facts = await copySqliteDatabase(input.dataDir, copy);
    return await write(input, facts, createReadStream(copy, { highWaterMark: 1024 * 1024 }));
  } finally {
    await rm(copy, { force: true });
  }
}

async function backUpPostgres(input: BackupInput, databaseUrl: string): Promise<MadeBackup> {
  const { openPostgresSnapshot } = await import('../storage/backup/postgres-dump.js');
  const snapshot = await openPostgresSnapshot({ databaseUrl, schema: input.schema });
  try {
    return await write(input, snapshot.facts, snapshot.lines);
  } finally {
    await snapshot.close();
  }
}

async function write(
  input: BackupInput,
  facts: BackupFacts,
  payload: AsyncIterable<string | Uint8Array>,
): Promise<MadeBackup> {
  const file = resolve(input.file);
  const manifest: BackupManifest = {
    format: 'alter-vault-backup',
    format_version: backupFormatVersion,
    made_by: input.madeBy,
    made_at: new Date(input.nowMs).toISOString(),
    database: facts.database,
    migrations: [...facts.migrations],
    root_key_id: readKeyId(facts.vaultKey),
    vault_key: facts.vaultKey.toString('base64'),
  };
  return { file, manifest, ...(await writeBackupFile(file, manifest, payload)) };
}
