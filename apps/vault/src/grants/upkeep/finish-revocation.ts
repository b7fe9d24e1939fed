import type { ProviderRevocation } from '@alter-ai/core-contract';
import type { AuditEvent } from '../../audit/audit-event.js';
import { isOnRecord } from '../../audit/is-on-record.js';
import type { VaultDeps } from '../../deps.js';
import type { CredentialRow } from '../../storage/live/credentials.js';
import {
  findEndedCredential,
  keepLateTokens,
  type LateTokens,
  listPendingRevocations,
  storeRevocationResult,
} from '../../storage/live/due/pending-revocations.js';
import type { GrantRow } from '../../storage/live/grants/grants.js';
import { hasLiveGrantOfAccount } from '../../storage/live/revocation/store-revocation.js';
import { revokeAtProvider } from '../revoke-at-provider.js';
import { openTokens } from '../stored-tokens.js';

const pageSize = 50;
/** Waits between attempts at a provider that fails; after the last one the tokens are wiped all the same. */
const retriesInMs = [60_000, 300_000, 1_800_000, 7_200_000, 43_200_000] as const;

/**
 * Tells the provider of a revocation that is committed here, and wipes the tokens once it has answered. Does nothing twice that
 * matters: ending an ended token changes nothing (RFC 7009 section 2.2).
 */
export async function finishRevocation(deps: VaultDeps, grant: GrantRow): Promise<ProviderRevocation> {
  for (;;) {
    const credential = await findEndedCredential(deps.storage, grant);
    const result = await endAtProvider(deps, grant, credential);
    const retryInMs = result === 'failed' ? retriesInMs[grant.revocation_attempts ?? 0] : undefined;
    const outcome = { result, retryInMs, credential, nowMs: deps.clock() };
    if (await storeRevocationResult(deps.storage, grant, outcome)) return result;
  }
}

/**
 * Ends tokens that came for a credential after its revocation, as that revocation is finished: not where it would end another grant, and
 * again later when the provider fails. Does nothing for a credential that is not revoked.
 */
export async function endLateTokens(deps: VaultDeps, late: Omit<LateTokens, 'dueInMs'>): Promise<void> {
  const grant = await keepLateTokens(deps.storage, { ...late, dueInMs: retriesInMs[0] });
  // Still due: who is at it finds these tokens too, or the job does.
  if (grant?.revocation_due_at === null) await finishRevocation(deps, grant);
}

/** Finishes what a killed process or a failing provider left open, until nothing is due. */
export async function finishPendingRevocations(deps: VaultDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const page = await listPendingRevocations(deps.storage, pageSize);
    if (page.length === 0) return;
    for (const grant of page) {
      if (signal.aborted) return;
      const event = describeRevocation(grant);
      const seen = { ...event, grantId: grant.id, appId: grant.app_id, fromMs: grant.revoked_at ?? 0 };
      // The first attempt is the caller's own: where it is missing, so may its record be.
      const isUnseen = grant.revocation_attempts === 0 && !(await isOnRecord(deps.storage, seen));
      if (isUnseen) await deps.audit.append(event);
      await finishRevocation(deps, grant);
    }
  }
}

/** The record of a revocation, without what only its caller knows. */
export function describeRevocation(grant: GrantRow) {
  return {
    kind: 'grant.revoked',
    appId: grant.app_id,
    grantId: grant.id,
    providerId: grant.provider_id,
    userId: grant.principal_type === 'user' ? grant.principal_id : undefined,
    outcome: 'revoked',
    details: { revoked_by: grant.revoked_by },
  } as const satisfies AuditEvent;
}

async function endAtProvider(
  deps: VaultDeps,
  grant: GrantRow,
  credential: CredentialRow | undefined,
): Promise<ProviderRevocation> {
  if (grant.grant_kind === 'managed_secret') return 'not_supported';
  if (!credential) return 'kept_for_other_grants';
  try {
    const settings = await deps.settings.loadCurrent(grant.app_id);
    const provider = settings.providersByConfigId.get(grant.provider_config_id);
    if (!provider) return 'failed';
    const endsAll = provider.definition.revoke_scope === 'all';
    if (endsAll && (await hasLiveGrantOfAccount(deps.storage, grant))) return 'kept_for_other_grants';
    const key = { appId: grant.app_id, credentialId: credential.id };
    const tokens = await openTokens(deps.keyring, key, credential.sealed_tokens);
    const parameters = JSON.parse(grant.parameters_json) as Record<string, string>;
    return await revokeAtProvider(deps, { provider, settings, parameters }, tokens);
  } catch (error) {
    deps.log.error(
      { grant_id: grant.id, error: error instanceof Error ? error.name : 'unknown' },
      'revocation at the provider was not tried',
    );
    return 'failed';
  }
}
