import type { VaultDeps } from '../deps.js';
import { type GrantUse, storeLastUses } from '../storage/live/grants/grant-uses.js';

/** A use is visible at most this long after it happened, plus the write. */
const flushAfterMs = 2_000;
/** Uses in one transaction: bounds how long it holds up the audit log. */
const batchMax = 2_000;

type WriterDeps = Pick<VaultDeps, 'storage' | 'clock' | 'log'>;

/** Uses not written yet, by grant; one batch per server. */
interface PendingUses {
  readonly uses: Map<string, GrantUse>;
  timer: NodeJS.Timeout | undefined;
}

const pending = new WeakMap<WriterDeps['storage'], PendingUses>();

/** Notes that a grant was used; written together with others, off the call's path. */
export function noteUse(deps: WriterDeps, grant: { appId: string; grantId: string }): void {
  let batch = pending.get(deps.storage);
  if (!batch) {
    batch = { uses: new Map(), timer: undefined };
    pending.set(deps.storage, batch);
  }
  batch.uses.set(grant.grantId, { ...grant, atMs: deps.clock() });
  batch.timer ??= setTimeout(() => void flushUses(deps), flushAfterMs).unref();
}

/** Writes what is noted; the server calls it when it stops. Never throws: a lost time of use harms nobody. */
export async function flushUses(deps: WriterDeps): Promise<void> {
  const batch = pending.get(deps.storage);
  if (!batch) return;
  clearTimeout(batch.timer);
  batch.timer = undefined;
  // In one order everywhere, so that two processes cannot wait for each other.
  const uses = [...batch.uses.values()].sort((a, b) => (a.grantId < b.grantId ? -1 : 1));
  batch.uses.clear();
  try {
    for (let start = 0; start < uses.length; start += batchMax) {
      await storeLastUses(deps.storage, uses.slice(start, start + batchMax));
    }
  } catch (error) {
    deps.log.warn({ error: error instanceof Error ? error.name : 'unknown' }, 'times of use not written');
  }
}
