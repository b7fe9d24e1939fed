import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { loadConfig } from '../../src/config.js';
import type { VaultDeps } from '../../src/deps.js';
import { openVault } from '../../src/open-vault.js';
import type { TestDatabase } from '../databases.js';
import { startTransitServer } from './transit-server.js';

/** A key service with the keys `alter` and `second`, and vaults under them. */
export async function startTransitWorld() {
  const server = await startTransitServer({ token: 'kms-token' });
  server.createKey('alter');
  server.createKey('second');
  const folder = mkdtempSync(join(tmpdir(), 'alter-kms-'));
  writeFileSync(join(folder, 'token'), 'kms-token');
  const opened: (() => Promise<void>)[] = [];

  /** Opens a vault; `more` are variables of its environment. */
  async function open(
    database: TestDatabase,
    more: Record<string, string> = {},
  ): Promise<VaultDeps & { close(): Promise<void> }> {
    const { databaseUrl, dataDir, schema } = database.options;
    const config = loadConfig({
      ALTER_VAULT_ENV: 'development',
      ALTER_VAULT_DATA_DIR: dataDir,
      ALTER_VAULT_KMS_URL: server.url,
      ALTER_VAULT_KMS_KEY: 'alter',
      ALTER_VAULT_KMS_TOKEN_FILE: join(folder, 'token'),
      ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}),
      ...more,
    });
    const vault = await openVault(config, { log: pino({ level: 'silent' }), ...(schema ? { schema } : {}) });
    let isOpen = true;
    const close = async () => {
      if (isOpen) await vault.close();
      isOpen = false;
    };
    opened.push(close);
    return { ...vault.deps, close };
  }

  return {
    server,
    open,
    close: async () => {
      for (const close of opened.splice(0)) await close();
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What `startTransitWorld` gives. */
export type TransitWorld = Awaited<ReturnType<typeof startTransitWorld>>;
