import type { VaultDeps } from '../deps.js';
import { drainRefreshes } from '../refresh/ensure-fresh.js';
import { flushUses } from './last-used.js';

/**
 * Ends what calls have left running: refreshes whose callers have gone, and times of use not written yet. A server that stops
 * calls it after the last request and before it closes audit log and storage (F3); it takes no longer than `timeoutMs`.
 */
export async function finishAccess(
  deps: Pick<VaultDeps, 'storage' | 'clock' | 'log'>,
  timeoutMs: number,
): Promise<void> {
  await drainRefreshes(deps, timeoutMs);
  await flushUses(deps);
}
