import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { createBackup, type MadeBackup } from '../../src/backup/create-backup.js';
import { type RestoreInput, restoreBackup } from '../../src/backup/restore-backup.js';
import { recordRestore } from '../../src/backup/restore-note.js';
import { loadConfig } from '../../src/config.js';
import { openRootKeys } from '../../src/keys/root/open-root-keys.js';
import { checkVaultKey } from '../../src/keys/vault-key.js';
import { openVault } from '../../src/open-vault.js';
import { buildTestVault, type TestVault } from '../harness.js';
import { runStatement } from '../run-statement.js';

/** An empty place that a backup can be restored into, removed by `remove`. */
export interface RestorePlace {
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly schema: string | undefined;
  remove(): Promise<void>;
}

/** Makes an empty data directory, or an empty schema. */
export async function createPlace(kind: 'sqlite' | 'postgres'): Promise<RestorePlace> {
  const dataDir = mkdtempSync(join(tmpdir(), 'alter-restore-'));
  const databaseUrl = kind === 'postgres' ? process.env.DATABASE_URL : undefined;
  const schema = databaseUrl ? `test_${randomBytes(8).toString('hex')}` : undefined;
  if (schema) await runStatement(`create schema ${schema}`);
  return {
    dataDir,
    databaseUrl,
    schema,
    remove: async () => {
      if (schema) await runStatement(`drop schema ${schema} cascade`);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Backs a test's vault up, as `alter backup` does. */
export async function backUp(vault: TestVault, file: string): Promise<MadeBackup> {
  const { config, storage, clock } = vault.deps;
  const schema = storage.kind === 'postgres' ? await readSchema(vault) : undefined;
  return createBackup({
    databaseUrl: config.databaseUrl?.reveal(),
    dataDir: config.dataDir,
    schema,
    file,
    nowMs: clock(),
    madeBy: 'test',
  });
}

/** Restores into a place, as `alter restore` does, with the root key of a vault or another one. */
export function restore(
  place: RestorePlace,
  file: string,
  options: { rootKey: string; nowMs: number; knowsAllNonces?: boolean },
): ReturnType<typeof restoreBackup> {
  const { rootKeys } = openRootKeys(describeConfig(place, options.rootKey));
  const input: RestoreInput = {
    ...place,
    file,
    nowMs: options.nowMs,
    knowsAllNonces: options.knowsAllNonces ?? false,
    checkVaultKey: (wrapped) => checkVaultKey(rootKeys, wrapped),
  };
  return restoreBackup(input);
}

/** Opens a restored place as a whole vault, which records the restore as a server does. */
export async function openRestored(
  place: RestorePlace,
  from: TestVault,
  clock: () => number,
): Promise<TestVault> {
  const config = describeConfig(place, from.deps.config.rootKey?.reveal() ?? '');
  const vault = await openVault(config, {
    log: pino({ level: 'silent' }),
    clock,
    ...(place.schema ? { schema: place.schema } : {}),
  });
  await recordRestore(vault.deps);
  const keys = { apiKeys: from.apiKeys, appIds: from.appIds };
  const noSibling = () => Promise.reject(new Error('one is enough'));
  return buildTestVault(vault.deps, place.dataDir, keys, noSibling, () => vault.close());
}

/** The configuration of a place. */
function describeConfig(place: RestorePlace, rootKey: string) {
  return loadConfig({
    ALTER_VAULT_ENV: 'development',
    ALTER_VAULT_DATA_DIR: place.dataDir,
    ALTER_VAULT_ROOT_KEY: rootKey,
    ...(place.databaseUrl ? { DATABASE_URL: place.databaseUrl } : {}),
  });
}

async function readSchema(vault: TestVault): Promise<string> {
  const { native } = vault.deps.storage;
  if (native.kind !== 'postgres') throw new Error('not PostgreSQL');
  const { rows } = await native.pool.query<{ name: string }>('select current_schema() as name');
  return rows[0]?.name ?? '';
}
