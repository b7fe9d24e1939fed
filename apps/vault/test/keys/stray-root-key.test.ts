import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { generateRootKey } from '@alter-ai/core-crypto';
import pino from 'pino';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { openVault } from '../../src/open-vault.js';
import { forEachDatabase } from '../databases.js';

const log = pino({ level: 'silent' });

forEachDatabase('a root key made for a database that has one', (createDatabase, kind) => {
  it.skipIf(kind === 'sqlite')(
    'K4: is not left behind when the start is refused, so that the next one is not refused for another reason',
    async () => {
      const { options } = await createDatabase();
      const { dataDir, databaseUrl, schema } = options;
      const environment = {
        ALTER_VAULT_ENV: 'development',
        ALTER_VAULT_DATA_DIR: dataDir,
        DATABASE_URL: databaseUrl,
      };
      const open = (more: Record<string, string>) =>
        openVault(loadConfig({ ...environment, ...more }), { log, ...(schema ? { schema } : {}) });
      const first = await open({ ALTER_VAULT_ROOT_KEY: generateRootKey() });
      await first.close();
      await expect(open({})).rejects.toThrow('does not belong to this database');
      expect(existsSync(join(dataDir, 'root.key'))).toBe(false);
    },
  );

  it('K4: stays where the database is new', async () => {
    const { options } = await createDatabase();
    const { dataDir, databaseUrl, schema } = options;
    const environment = { ALTER_VAULT_ENV: 'development', ALTER_VAULT_DATA_DIR: dataDir };
    const config = loadConfig(
      databaseUrl === undefined ? environment : { ...environment, DATABASE_URL: databaseUrl },
    );
    for (const isNew of [true, false]) {
      const vault = await openVault(config, { log, ...(schema ? { schema } : {}) });
      expect(vault.generatedKeyPath !== null).toBe(isNew);
      await vault.close();
    }
    expect(existsSync(join(dataDir, 'root.key'))).toBe(true);
  });
});
