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
import type { EndpointPauses } from './endpoint-pauses.js';
import { planRenewal } from './plan-renewal.js';
import { runByEndpoint } from './run-by-endpoint.js';

const pageSize = 200;
const dayMs = 86_400_000;
const postponeMinMs = 60_000;
const postponeMaxMs = 3_600_000;

type Plan = { credential: DueRenewal; renewAtMs: number | null };
type Due = { credential: DueRenewal; target: RefreshTarget };

/**
 * Refreshes every credential whose time has come, ahead of its limits (R1). Goes through the same lease, backoff and
 * breaker as a call does, and leaves alone whose provider does not answer (`pauses`). Once `signal` is aborted nothing new is
 * begun; what is under way ends by itself.
 */
export async function renewAhead(
  deps: VaultDeps,
  pauses: EndpointPauses,
  signal: AbortSignal,
): Promise<void> {
  const apps = new Map<string, AppSettings>();
  // One answer is enough to know that a provider refuses the app's own credentials.
  const refusedConfigs = new Set<string>();
  pauses.startRun();
  let after: DueRenewal | null = null;
  while (!signal.aborted) {
    const nowMs = deps.clock();
    const page: DueRenewal[] = await listDueRenewals(deps.storage, { nowMs, after, limit: pageSize });
    const last = page.at(-1);
    if (last === undefined) return;
    after = last;
    const { plans, due } = await sortPage(deps, page, apps);
    const work = async ({ credential, target }: Due) => {
      // Its time stays as it is: the next run begins with it, and not with the one that failed now.
      if (pauses.isPaused(target)) return;
      const outcome = refusedConfigs.has(credential.provider_config_id)
        ? undefined
        : await refreshAhead(deps, target).catch(() => undefined);
      pauses.note(target, outcome);
      if (outcome?.kind === 'breaker_open') refusedConfigs.add(credential.provider_config_id);
      if (!isSettled(outcome)) plans.push({ credential, renewAtMs: postpone(deps, credential, target) });
    };
    await runByEndpoint(due, { pauses, signal, work });
    await storeRenewalPlans(deps.storage, plans);
  }
}

async function sortPage(
  deps: VaultDeps,
  page: readonly DueRenewal[],
  apps: Map<string, AppSettings>,
): Promise<{ plans: Plan[]; due: Due[] }> {
  const nowMs = deps.clock();
  const grants = await findRenewedGrants(deps.storage, page, nowMs);
  const plans: Plan[] = [];
  const due: Due[] = [];
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
