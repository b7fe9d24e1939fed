import type { VaultDeps } from '../deps.js';
import { deleteProcess, measureClockSkew, storeProcess } from '../storage/settings/process-rows.js';
import { vaultVersion } from '../telemetry/vault-version.js';

/** Signs of life of one process. */
export interface Heartbeat {
  /** Ends them, and says that the process is gone. */
  stop(): Promise<void>;
}

const beatEveryMs = 30_000;

/**
 * Has this process say every 30 s that it lives and how its clock stands to the database's, for `alter doctor`. On SQLite there is one
 * process, and its clock is the database's.
 */
export async function startHeartbeat(
  deps: Pick<VaultDeps, 'storage' | 'clock' | 'processId' | 'log'>,
): Promise<Heartbeat> {
  const { storage, clock, processId, log } = deps;
  if (storage.kind === 'sqlite') return { stop: async () => {} };
  const startedAtMs = clock();
  const beat = async (): Promise<void> => {
    try {
      await storeProcess(storage, {
        id: processId,
        version: vaultVersion,
        started_at: startedAtMs,
        clock_skew_ms: await measureClockSkew(storage, clock),
      });
    } catch (error) {
      log.warn({ cause: error instanceof Error ? error.name : '' }, 'heartbeat not written');
    }
  };
  await beat();
  const timer = setInterval(() => void beat(), beatEveryMs).unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await deleteProcess(storage, processId).catch(() => {});
    },
  };
}
