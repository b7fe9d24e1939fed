import type { VaultDeps } from '../../deps.js';
import {
  findBreaker,
  storeClosedBreaker,
  storeOpenBreaker,
  takeProbe,
} from '../../storage/live/provider-breaker.js';
import { recordEvent } from '../record-event.js';
import type { RefreshTarget } from '../refresh-target.js';

const openAtFirstMs = 10_000;
/** Together with one more call this keeps the promise that calls succeed within 90 s after the repair. */
const openMaxMs = 60_000;
/** How long the one try of a half-open breaker keeps the others away. */
const probeMs = 20_000;

/** Whose breaker it is; `grantId` where it was found out on behalf of a grant. */
export type BreakerTarget = Pick<RefreshTarget, 'appId' | 'provider'> & { readonly grantId?: string };

type BreakerDeps = Pick<VaultDeps, 'storage' | 'clock' | 'audit' | 'log'>;

/** Whether a refresh may be tried: undefined, or until when and why not. Half-open, one caller of all gets through (R7). */
export async function findOpenBreaker(
  deps: BreakerDeps,
  target: RefreshTarget,
): Promise<{ code: string; retryAtMs: number } | undefined> {
  const key = toKey(target);
  const state = await findBreaker(deps.storage, key);
  if (!state || state.openUntilMs === null) return undefined;
  const code = state.code ?? 'invalid_client';
  const nowMs = deps.clock();
  const openForMs = state.openForMs ?? 0;
  if (openForMs > 0) return { code, retryAtMs: nowMs + openForMs };
  const isOurs = await takeProbe(deps.storage, key, state.openUntilMs, probeMs);
  return isOurs ? undefined : { code, retryAtMs: nowMs + 2_000 };
}

/** The provider refused the app's client credentials. @returns when the next try is due, ms since 1970 */
export async function openBreaker(deps: BreakerDeps, target: BreakerTarget, code: string): Promise<number> {
  const key = toKey(target);
  const failures = ((await findBreaker(deps.storage, key))?.failures ?? 0) + 1;
  const openForMs = Math.min(openMaxMs, openAtFirstMs * 2 ** Math.min(failures - 1, 10));
  await storeOpenBreaker(deps.storage, key, { openForMs, code, failures });
  recordEvent(deps, target, {
    kind: 'provider.breaker_opened',
    errorCode: code,
    details: { provider_config_id: key.configId, failures },
  });
  return deps.clock() + openForMs;
}

/** The provider accepted the app's client credentials. */
export async function closeBreaker(deps: BreakerDeps, target: BreakerTarget): Promise<void> {
  const key = toKey(target);
  const isChanged = await storeClosedBreaker(deps.storage, key);
  if (isChanged) {
    recordEvent(deps, target, {
      kind: 'provider.breaker_closed',
      details: { provider_config_id: key.configId },
    });
  }
}

function toKey(target: BreakerTarget) {
  return { appId: target.appId, configId: target.provider.configId };
}
