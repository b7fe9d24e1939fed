import { spawnSync } from 'node:child_process';
import { startVaultServer, startVaultSetup, type VaultSetup } from '../setup/vault-setup.js';
import { type SeededAudit, seedAuditRecords } from './audit-records.js';
import { addGrants } from './grow-vault.js';

/** How much a vault holds. */
export interface VaultSize {
  readonly grants: number;
  readonly records: number;
}

/** A vault that holds much; no server runs on it until one is started. */
export interface GrownSetup {
  readonly setup: VaultSetup;
  readonly size: VaultSize;
  /** What there is to search for. */
  readonly audit: SeededAudit;
  /** Any of its grants. */
  pickGrant(): string;
  startServer(): ReturnType<typeof startVaultServer>;
}

/** Makes one. */
export async function startGrownSetup(size: VaultSize): Promise<GrownSetup> {
  const setup = await startVaultSetup();
  await setup.server.stop();
  const grantIds = await addGrants(setup, size.grants);
  const audit = await seedAuditRecords({
    dataDir: setup.folder,
    rootKey: setup.rootKey,
    records: size.records,
    grants: size.grants,
  });
  // Written out before anything is measured: else each sync of the vault waits for gigabytes that the filling left behind.
  spawnSync('sync');
  return {
    setup,
    size,
    audit,
    pickGrant: () => grantIds[Math.floor(Math.random() * grantIds.length)] ?? setup.grantId,
    startServer: () => startVaultServer(setup.environment),
  };
}

/** 10^5 for 100,000: sizes in the table. */
export function formatPower(count: number): string {
  return `10^${Math.round(Math.log10(count))}`;
}
