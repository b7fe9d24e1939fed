import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type VaultSetup, vaultDist } from '../setup/vault-setup.js';

/** A value's place, as the keyring binds it. */
interface Place {
  readonly table: string;
  readonly rowId: string;
  readonly appId: string;
  readonly field: string;
}

type Row = Record<string, unknown>;

/** What of the opened vault the bench uses. */
export interface OpenVault {
  readonly deps: {
    readonly storage: {
      readonly db: {
        selectFrom(table: string): { selectAll(): { executeTakeFirstOrThrow(): Promise<Row> } };
        insertInto(table: string): { values(rows: readonly Row[]): { execute(): Promise<unknown> } };
      };
      transaction<T>(work: (trx: OpenVault['deps']['storage']['db']) => Promise<T>): Promise<T>;
    };
    readonly keyring: {
      prepare(appId: string): Promise<void>;
      open(place: Place, sealed: Uint8Array): Promise<string>;
      seal(place: Place, text: string): Promise<Buffer>;
    };
    readonly audit: { append(event: Row): Promise<unknown> };
  };
  close(): Promise<void>;
}

/** Loads a module of the built vault; there is no server between it and the bench. */
export function importVaultModule<T>(path: string): Promise<T> {
  return import(pathToFileURL(join(vaultDist, path)).href) as Promise<T>;
}

const silent = () => {};
const log = {
  level: 'silent',
  isLevelEnabled: () => false,
  trace: silent,
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  fatal: silent,
};

/** Opens a setup's data in this process; its server has to be stopped. */
export async function openVaultData(setup: Pick<VaultSetup, 'environment'>): Promise<OpenVault> {
  const { loadConfig } = await importVaultModule<{ loadConfig(environment: unknown): unknown }>('config.js');
  const { openVault } = await importVaultModule<{
    openVault(config: unknown, options: unknown): Promise<OpenVault>;
  }>('open-vault.js');
  return openVault(loadConfig(setup.environment), { log });
}
