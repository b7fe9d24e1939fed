import { rmSync } from 'node:fs';
import { createEgress } from '@alter-ai/egress';
import type { Logger } from 'pino';
import { uuidv7 } from 'uuidv7';
import { openAuditLog } from './audit/open-audit-log.js';
import { readRestoreNote } from './backup/restore-note.js';
import type { VaultConfig } from './config.js';
import type { VaultDeps } from './deps.js';
import { timeLimits } from './http/limits/time-limits.js';
import { RootKeyMismatchError } from './keys/configuration-error.js';
import { holdRootKeys } from './keys/holders/hold-root-keys.js';
import { openVaultData } from './keys/open-vault-data.js';
import type { RootKeyPurpose } from './keys/resolve-root-key.js';
import { openRootKeys } from './keys/root/open-root-keys.js';
import { createSettingsReader } from './settings/create-settings-reader.js';
import { acquireServerLock, type ServerLock } from './storage/database/sqlite/server-lock.js';
import type { Telemetry } from './telemetry/telemetry.js';
import { traceEgress } from './telemetry/tracing/trace-egress.js';

/** A vault whose database, keys and log are open; nothing listens yet. */
export interface OpenVault {
  readonly deps: VaultDeps;
  /** File of a root key that was made just now (development only). */
  readonly generatedKeyPath: string | null;
  /** Closes everything in the right order. */
  close(): Promise<void>;
}

/** How to open a vault. */
export interface OpenVaultOptions {
  readonly log: Logger;
  readonly clock?: () => number;
  /** PostgreSQL schema; for tests. */
  readonly schema?: string;
  /** Names this process; a new id unless told. */
  readonly processId?: string;
  readonly telemetry?: Telemetry;
  /** See `VaultDeps.stopping`. */
  readonly stopping?: AbortSignal;
  /** What the root key is wanted for; a server's start unless told. */
  readonly rootKeyPurpose?: RootKeyPurpose;
}

/**
 * Opens database, keys, audit log and settings in the one right order; on SQLite it takes the data directory's lock (F6).
 * @throws ConfigurationError, ServerAlreadyRunningError, NewerDataError, or the driver's error
 */
export async function openVault(config: VaultConfig, options: OpenVaultOptions): Promise<OpenVault> {
  const clock = options.clock ?? Date.now;
  const databaseUrl = config.databaseUrl?.reveal();
  const key = openRootKeys(config, options.rootKeyPurpose);
  const lock: ServerLock | null = databaseUrl === undefined ? acquireServerLock(config.dataDir) : null;
  try {
    const { storage, keyring } = await openVaultData({
      databaseUrl,
      dataDir: config.dataDir,
      schema: options.schema,
      connectionsMax: config.databaseConnectionsMax,
      rootKey: key.rootKeys,
      clock,
      sharedClock: options.clock,
    });
    const { log } = options;
    const processId = options.processId ?? uuidv7();
    const hold = await holdRootKeys({ storage, keyring, processId }).catch(async (error: unknown) => {
      await storage.close();
      throw error;
    });
    const audit = await openAuditLog({
      storage,
      keyring,
      clock,
      onFailure: (error) => log.error({ cause: nameError(error) }, 'audit record not written'),
      ...(options.telemetry ? { telemetry: options.telemetry } : {}),
    });
    keyring.onOpenFailure((place) => {
      const details = { table: place.table, row: place.rowId, field: place.field };
      log.error(details, 'a sealed value does not open');
      // The record is no condition of anything here: the value stays unopened either way (K8).
      const event = { kind: 'credential.opened_failed', appId: place.appId || null, details } as const;
      void Promise.resolve()
        .then(() => audit.append(event))
        .catch(() => log.error(details, 'a failure to open could not be recorded'));
    });
    const directEgress = createEgress({ isDevelopment: config.isDevelopment });
    const egress = options.telemetry ? traceEgress(directEgress, options.telemetry) : directEgress;
    const settings = createSettingsReader({ storage, keyring, log });
    const signedAfterSeconds = (await readRestoreNote(storage))?.signed_after ?? undefined;
    const deps: VaultDeps = {
      config,
      storage,
      keyring,
      audit,
      settings,
      egress,
      log,
      clock,
      timeLimits,
      processId,
      ...(options.telemetry ? { telemetry: options.telemetry } : {}),
      ...(signedAfterSeconds === undefined ? {} : { signedAfterSeconds }),
      ...(options.stopping ? { stopping: options.stopping } : {}),
    };
    return {
      deps,
      generatedKeyPath: key.generatedPath,
      async close() {
        await audit.close().catch(() => {});
        await egress.close();
        await hold.release();
        await storage.close();
        lock?.release();
      },
    };
  } catch (error) {
    // A key made just now for a database elsewhere that has another one opens nothing, and would pass for the lost one.
    if (error instanceof RootKeyMismatchError && key.generatedPath !== null) rmSync(key.generatedPath);
    lock?.release();
    throw error;
  }
}

function nameError(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'code' in error && typeof error.code === 'string' ? `${error.name} ${error.code}` : error.name;
}
