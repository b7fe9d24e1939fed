import type { VaultDeps } from '../deps.js';
import { type CredentialKey, type Lease, renewLease } from '../storage/live/credentials.js';

/** How long a lease lasts without renewal (R2): the time after which a dead holder is replaced. */
export const leaseTtlMs = 6_000;
const renewEveryMs = 2_000;

/** Renews a lease until told to stop, however long the provider takes. */
export function keepLease(
  deps: Pick<VaultDeps, 'storage' | 'log'>,
  key: CredentialKey,
  lease: Lease,
): { stop(): void } {
  let isRunning = false;
  const renew = async (): Promise<void> => {
    // A slow database must not pile up renewals.
    if (isRunning) return;
    isRunning = true;
    try {
      await renewLease(deps.storage, key, lease, leaseTtlMs);
    } catch (error) {
      deps.log.warn({ error: error instanceof Error ? error.name : 'unknown' }, 'lease not renewed');
    } finally {
      isRunning = false;
    }
  };
  const timer = setInterval(() => void renew(), renewEveryMs).unref();
  return { stop: () => clearInterval(timer) };
}
