import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { openStorage } from '../src/storage/database/open-storage.js';
import type { Storage, StorageOptions } from '../src/storage/database/storage.js';
import { migrate } from '../src/storage/migrations/migrate.js';
import { runStatement } from './run-statement.js';

/** One empty database of a test: a folder of its own, or a PostgreSQL schema of its own. Removed after the test file. */
export interface TestDatabase {
  readonly kind: 'sqlite' | 'postgres';
  /** What `openStorage` takes for it, here or in a child process. */
  readonly options: StorageOptions;
  /** Opens it as it is; each call is as good as another process. Closed after the test file, unless the test did. */
  openEmpty(more?: Pick<StorageOptions, 'sharedClock'>): Promise<Storage>;
  /** Opens it migrated. */
  open(more?: Pick<StorageOptions, 'sharedClock'>): Promise<Storage>;
}

/** Runs the same tests on SQLite and on PostgreSQL (`DATABASE_URL`; skipped without it, and the name says so). */
export function forEachDatabase(
  name: string,
  body: (createDatabase: () => Promise<TestDatabase>, kind: 'sqlite' | 'postgres') => void,
): void {
  describe(`${name} (sqlite)`, () => body(prepareDatabases('sqlite'), 'sqlite'));
  if (process.env.DATABASE_URL === undefined) {
    describe.skip(`${name} (postgres: skipped, DATABASE_URL is not set)`, () =>
      body(prepareDatabases('postgres'), 'postgres'));
  } else {
    describe(`${name} (postgres)`, () => body(prepareDatabases('postgres'), 'postgres'));
  }
}

function prepareDatabases(kind: 'sqlite' | 'postgres'): () => Promise<TestDatabase> {
  const cleanups: (() => Promise<void>)[] = [];
  const storages: Storage[] = [];
  afterAll(async () => {
    await Promise.all(storages.map((storage) => storage.close().catch(() => {})));
    for (const cleanUp of cleanups) await cleanUp();
  });

  return async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'alter-vault-'));
    cleanups.push(async () => rmSync(dataDir, { recursive: true, force: true }));
    const options = kind === 'sqlite' ? { dataDir } : { dataDir, ...(await createSchema(cleanups)) };
    const openEmpty: TestDatabase['openEmpty'] = async (more) => {
      const storage = await openStorage({ ...options, ...more });
      storages.push(storage);
      return storage;
    };
    return {
      kind,
      options,
      openEmpty,
      open: async (more) => {
        const storage = await openEmpty(more);
        await migrate(storage);
        return storage;
      },
    };
  };
}

async function createSchema(
  cleanups: (() => Promise<void>)[],
): Promise<{ databaseUrl: string; schema: string }> {
  const databaseUrl = process.env.DATABASE_URL ?? '';
  const schema = `test_${randomBytes(8).toString('hex')}`;
  await runStatement(`create schema ${schema}`);
  cleanups.push(async () => void (await runStatement(`drop schema ${schema} cascade`)));
  return { databaseUrl, schema };
}
