import type { VaultDeps } from '../deps.js';
import { ApiError } from '../http/api-error.js';
import type { Storage } from '../storage/database/storage.js';
import { observeRefresh } from '../telemetry/observe.js';
import { findUsableUntilMs, type TokenLife } from './freshness.js';
import type { RefreshOutcome, RefreshTarget } from './refresh-target.js';
import { runRefresh } from './run-refresh.js';

/** A caller waits no longer than this (R10); the refresh goes on without it. */
const callerWaitMaxMs = 18_000;
/** A caller whose stored token still works waits no longer than this. */
const shortWaitMs = 4_000;

/** Refreshes under way in this process, by credential; everybody who needs one shares it (R2). */
const running = new WeakMap<Storage, Map<string, Promise<RefreshOutcome>>>();

/** A refresh as a call needs it; `token` is the stored token as the call read it. */
export interface EnsureFreshInput extends RefreshTarget {
  readonly token: TokenLife;
  /** How long the caller waits; 18 s unless told. */
  readonly waitMaxMs?: number;
}

/**
 * Makes sure that the stored access token can be released: fresh, or, where no refresh is to be had now, still valid (R1, R8).
 * Read the grant again afterwards.
 * @throws ApiError `credential_revoked`, `token_refresh_in_progress`, `provider_unavailable`,
 * `provider_configuration_unavailable`, `provider_not_configured`
 */
export async function ensureFresh(deps: VaultDeps, input: EnsureFreshInput): Promise<void> {
  const usableUntilMs = findUsableUntilMs(input.token);
  if (input.provider.clientId === null) {
    if (usableUntilMs > deps.clock()) return;
    throw new ApiError('provider_not_configured', {
      message: `The provider ${input.provider.providerId} is not configured for this app: it has no client id.`,
      fields: { provider_id: input.provider.providerId, grant_id: input.grantId },
    });
  }
  const waitMaxMs = input.waitMaxMs ?? callerWaitMaxMs;
  const waitMs = usableUntilMs > deps.clock() ? Math.min(shortWaitMs, waitMaxMs) : waitMaxMs;
  const outcome = await waitAtMost(shareRefresh(deps, input), waitMs);
  if (outcome === undefined) {
    if (usableUntilMs > deps.clock()) return;
    throw describeOutcome(input, { kind: 'busy', retryAtMs: 0, usableUntilMs: 0 }, deps.clock());
  }
  if (outcome.kind === 'fresh' || outcome.kind === 'gone') return;
  if (outcome.usableUntilMs > deps.clock()) return;
  throw describeOutcome(input, outcome, deps.clock());
}

/** Renews a credential whose time has come although its access token may still be fresh (R1); for the job. */
export function refreshAhead(deps: VaultDeps, target: RefreshTarget): Promise<RefreshOutcome> {
  return shareRefresh(deps, target, true);
}

/** Resolves when no refresh of this server is under way, or when the time is over; a server that stops waits for it (F3). */
export async function drainRefreshes(deps: Pick<VaultDeps, 'storage'>, timeoutMs: number): Promise<void> {
  const current = running.get(deps.storage);
  if (current) await waitAtMost(Promise.allSettled(current.values()), timeoutMs);
}

function shareRefresh(deps: VaultDeps, target: RefreshTarget, isAhead = false): Promise<RefreshOutcome> {
  let current = running.get(deps.storage);
  if (!current) {
    current = new Map();
    running.set(deps.storage, current);
  }
  const shared = current.get(target.credentialId);
  if (shared) return shared;
  const mine = current;
  const work = observeRefresh(deps.telemetry, target, () => runRefresh(deps, target, isAhead));
  const started = work.finally(() => mine.delete(target.credentialId));
  // Every caller may have gone by the time it fails.
  started.catch((error: unknown) => {
    deps.log.error({ error: error instanceof Error ? error.name : 'unknown' }, 'refresh failed');
  });
  current.set(target.credentialId, started);
  return started;
}

async function waitAtMost<T>(work: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function describeOutcome(
  target: RefreshTarget,
  outcome: Exclude<RefreshOutcome, { kind: 'fresh' | 'gone' }>,
  nowMs: number,
): ApiError {
  const fields = { grant_id: target.grantId, provider_id: target.provider.providerId };
  const retryAfterSeconds =
    'retryAtMs' in outcome ? Math.max(1, Math.ceil((outcome.retryAtMs - nowMs) / 1000)) : 1;
  switch (outcome.kind) {
    case 'dead':
      return new ApiError('credential_revoked', { fields: { ...fields, cause: outcome.cause } });
    case 'unavailable':
      return new ApiError('provider_unavailable', { fields, retryAfterSeconds });
    case 'breaker_open':
      return new ApiError('provider_configuration_unavailable', {
        message: `${target.provider.displayName} does not accept the app's client credentials (provider configuration ${target.provider.configId}). The developer has to check them.`,
        fields: { ...fields, provider_config_id: target.provider.configId, provider_error: outcome.code },
        retryAfterSeconds,
      });
    default:
      return new ApiError('token_refresh_in_progress', { fields, retryAfterSeconds });
  }
}
