import type { RootKey } from '@alter-ai/core-crypto';
import { openStorage } from '../storage/database/open-storage.js';
import type { Storage, StorageOptions } from '../storage/database/storage.js';
import { listAppliedMigrations, migrate, migrations } from '../storage/migrations/migrate.js';
import type { Keyring } from './keyring.js';
import { openKeyring } from './open-keyring.js';
import { type RootKeys, toRootKeys } from './root/root-key-provider.js';
import { checkRootKey } from './vault-key.js';

/**
 * Opens database and keys in the one right order: the root key is checked before the first write, migrations included (K4).
 * Throws ConfigurationError, NewerDataError, or the driver's error; whatever was opened is closed again.
 */
export async function openVaultData(
  options: StorageOptions & { rootKey: RootKey | RootKeys; clock: () => number },
): Promise<{ storage: Storage; keyring: Keyring; appliedMigrations: string[] }> {
  const { clock } = options;
  const rootKey = toRootKeys(options.rootKey);
  const storage = await openStorage(options);
  try {
    await checkRootKey(storage, rootKey);
    const applied = await migrateData(storage, options);
    const keyring = await openKeyring({ storage, rootKey, clock });
    return { storage, keyring, appliedMigrations: applied };
  } catch (error) {
    await storage.close();
    throw error;
  }
}

/**
 * A migration of large tables, or the wait for another process that is at one, takes as long as it takes: with the limit of
 * statements every start would fail in the same way (F4).
 */
async function migrateData(
  storage: Storage,
  options: StorageOptions & { clock: () => number },
): Promise<string[]> {
  const { clock } = options;
  const done = new Set(await listAppliedMigrations(storage));
  const isDone = migrations.every((migration) => done.has(migration.name));
  if (isDone || storage.kind === 'sqlite') return (await migrate(storage, { clock })).applied;
  const unlimited = await openStorage({ ...options, connectionsMax: 1, statementTimeoutMs: 0 });
  try {
    return (await migrate(unlimited, { clock })).applied;
  } finally {
    await unlimited.close();
  }
}
