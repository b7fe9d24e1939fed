import { randomBytes } from 'node:crypto';
import { mintApiKey } from '@alter-ai/core-crypto';
import pg from 'pg';
import { createOwnDatabase } from '../harness/machine/own-database.js';
import { startVaultProcess, type VaultProcess, type VaultProcessOptions } from '../harness/vault-process.js';

/** Three vault processes on one PostgreSQL database of their own. */
export interface Fleet {
  readonly apiKey: string;
  readonly database: pg.Client;
  readonly vaults: readonly VaultProcess[];
  /** What the vault of this index calls itself in leases. */
  processId(index: number): string;
  /** SIGKILL, nothing else. */
  kill(index: number): void;
  /** Starts the vault of this index again, at the same address. */
  restart(index: number): Promise<void>;
  close(): Promise<void>;
}

const size = 3;

/** Starts the fleet, one process after the other. */
export async function startFleet(
  serverUrl: string,
  providers: readonly Record<string, unknown>[],
): Promise<Fleet> {
  const { url: databaseUrl, drop } = await createOwnDatabase(serverUrl, 'figures');
  const apiKey = mintApiKey('app');
  const config = {
    version: 1,
    apps: [{ slug: 'figures', name: 'Figures', api_keys: [{ name: 'callers', value: apiKey }], providers }],
  };
  const env = { ALTER_VAULT_ROOT_KEY: randomBytes(32).toString('base64') };
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  const vaults: VaultProcess[] = [];
  const processIds: string[] = [];
  const start = async (index: number, port?: number) => {
    vaults[index] = await startPatiently({
      config,
      databaseUrl,
      env,
      ...(port === undefined ? {} : { port }),
    });
    processIds[index] = await findProcessId(database, processIds);
  };
  for (let index = 0; index < size; index += 1) await start(index);
  return {
    apiKey,
    database,
    vaults,
    processId: (index) => processIds[index] ?? '',
    kill: (index) => vaults[index]?.kill('SIGKILL'),
    restart: (index) => start(index, Number(new URL(vaults[index]?.url ?? '').port)),
    async close() {
      await Promise.all(vaults.map((vault) => vault.stop()));
      await database.end();
      await drop();
    },
  };
}

/** On a machine that thousands of calls keep busy a start may not be done within the time that is usual. */
async function startPatiently(options: VaultProcessOptions): Promise<VaultProcess> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startVaultProcess(options);
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

/** The record of the start that nobody has claimed yet. */
async function findProcessId(database: pg.Client, known: readonly string[]): Promise<string> {
  const month = new Date().toISOString().slice(0, 7).replace('-', '_');
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const { rows } = await database.query<{ record: string }>(
      `select record from audit_${month} where kind = 'server.started' order by id desc limit 10`,
    );
    const ids = rows.map((row) => (JSON.parse(row.record) as { details: { process_id: string } }).details);
    const fresh = ids.find((details) => !known.includes(details.process_id));
    if (fresh) return fresh.process_id;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('a vault has not put its start on record');
}
