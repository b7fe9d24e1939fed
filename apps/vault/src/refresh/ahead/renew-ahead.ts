import type { VaultDeps } from '../../deps.js';
import type { AppSettings } from '../../settings/settings-reader.js';
import {
  type DueRenewal,
  findRenewedGrants,
  listDueRenewals,
  storeRenewalPlans,
} from '../../storage/live/due/renewals.js';
import { refreshAhead } from '../ensure-fresh.js';
import type { RefreshOutcome, RefreshTarget } from '../refresh-target.js';
import { planRenewal } from './plan-renewal.js';

const pageSize = 200;
/** Refreshes at one time: it must not crowd out what callers wait for. */
const concurrency = 4;
const dayMs = 86_400_000;
const postponeMinMs = 60_000;
const postponeMaxMs = 3_600_000;

type Plan = { credential: DueRenewal; renewAtMs: number | null };

/**
 * Refreshes every credential whose time has come, ahead of its limits (R1). Goes through the same lease, backoff and
 * breaker as a call does. Once `signal` is aborted nothing new is begun; what is under way ends by itself.
 */
export async function renewAhead(deps: VaultDeps, signal: AbortSignal): Promise<void> {
  const apps = new Map<string, AppSettings>();
  // One answer is enough to know that a provider refuses the app's own credentials.
  const refusedConfigs = new Set<string>();
  let after: DueRenewal | null = null;
  while (!signal.aborted) {
    const nowMs = deps.clock();
    const page: DueRenewal[] = await listDueRenewals(deps.storage, { nowMs, after, limit: pageSize });
    const last = page.at(-1);
    if (last === undefined) return;
    after = last;
    const { plans, due } = await sortPage(deps, page, apps);
    await runAll(due, signal, async ({ credential, target }) => {
      const outcome = refusedConfigs.has(credential.provider_config_id)
        ? undefined
        : await refreshAhead(deps, target).catch(() => undefined);
      if (outcome?.kind === 'breaker_open') refusedConfigs.add(credential.provider_config_id);
      if (!isSettled(outcome)) plans.push({ credential, renewAtMs: postpone(deps, credential, target) });
    });
    await storeRenewalPlans(deps.storage, plans);
  }
}

async function sortPage(
  deps: VaultDeps,
  page: readonly DueRenewal[],
  apps: Map<string, AppSettings>,
): Promise<{ plans: Plan[]; due: { credential: DueRenewal; target: RefreshTarget }[] }> {
  const nowMs = deps.clock();
  const grants = await findRenewedGrants(deps.storage, page, nowMs);
  const plans: Plan[] = [];
  const due: { credential: DueRenewal; target: RefreshTarget }[] = [];
  for (const credential of page) {
    const settings = apps.get(credential.app_id) ?? (await deps.settings.loadCurrent(credential.app_id));
    apps.set(credential.app_id, settings);
    const provider = settings.providersByConfigId.get(credential.provider_config_id);
    const grant = grants.get(credential.id);
    if (!provider || provider.clientId === null || !grant) {
      // Nobody can use it now; a grant or a client may come back.
      plans.push({ credential, renewAtMs: nowMs + dayMs });
      continue;
    }
    const plan = planRenewal(toRenewalInput(credential), provider.definition);
    if (plan === null || plan > nowMs) {
      plans.push({ credential, renewAtMs: plan });
      continue;
    }
    const parameters = JSON.parse(grant.parameters_json) as Record<string, string>;
    const target = {
      appId: credential.app_id,
      credentialId: credential.id,
      grantId: grant.id,
      parameters,
      provider,
      settings,
    };
    due.push({ credential, target });
  }
  return { plans, due };
}

function toRenewalInput(credential: DueRenewal) {
  return {
    hasRefreshToken: credential.has_refresh_token !== 0,
    accessIssuedAtMs: credential.access_issued_at,
    refreshExpiresAtMs: credential.refresh_expires_at,
  };
}

/** Whether the row itself says now when it is due again, or that it never is. */
function isSettled(outcome: RefreshOutcome | undefined): boolean {
  return outcome?.kind === 'fresh' || outcome?.kind === 'gone' || outcome?.kind === 'dead';
}

/** Tried again after a tenth of what is left, between a minute and an hour. */
function postpone(deps: Pick<VaultDeps, 'clock'>, credential: DueRenewal, target: RefreshTarget): number {
  const nowMs = deps.clock();
  const idleSeconds = target.provider.definition.refresh_token_idle_seconds;
  const limitMs = Math.min(
    credential.refresh_expires_at ?? Number.POSITIVE_INFINITY,
    idleSeconds === undefined ? Number.POSITIVE_INFINITY : credential.access_issued_at + idleSeconds * 1000,
  );
  const waitMs = Math.min(postponeMaxMs, Math.max(postponeMinMs, (limitMs - nowMs) / 10));
  return Math.round(nowMs + waitMs);
}

async function runAll<T>(
  items: readonly T[],
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const runners = Array.from({ length: concurrency }, async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      if (signal.aborted) return;
      await work(item);
    }
  });
  // A refresh under way is not waited for: it holds its own lease, and the server drains it apart.
  const aborted = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true, signal: aborted.signal });
  });
  await Promise.race([Promise.all(runners), ...(signal.aborted ? [] : [stopped])]);
  aborted.abort();
}
