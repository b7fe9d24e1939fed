import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { VaultConfig } from '../config.js';
import { openStorage } from '../storage/database/open-storage.js';
import { listAppliedMigrations } from '../storage/migrations/migrate.js';

/** Whether there is a vault where the configuration says. Writes nothing. Throws the driver's error when the database is not reached. */
export async function hasVault(config: VaultConfig): Promise<boolean> {
  if (config.databaseUrl === undefined) return existsSync(join(config.dataDir, 'vault.db'));
  const storage = await openStorage({
    databaseUrl: config.databaseUrl.reveal(),
    dataDir: config.dataDir,
    connectionsMax: 2,
  });
  try {
    return (await listAppliedMigrations(storage)).length > 0;
  } finally {
    await storage.close();
  }
}

/** What a command says that finds no vault. */
export function describeNoVault(config: VaultConfig): string {
  return config.databaseUrl === undefined
    ? `There is no vault in ${resolve(config.dataDir)}; set ALTER_VAULT_DATA_DIR to the folder of yours (and DATABASE_URL, if it is on PostgreSQL).`
    : 'There is no vault in the database of DATABASE_URL; set it as the server has it.';
}
