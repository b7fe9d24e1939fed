import type { ProviderRevocation } from '@alter-ai/core-contract';
import type { AuditEvent } from '../audit/audit-event.js';
import type { VaultDeps } from '../deps.js';
import { ApiError } from '../http/api-error.js';
import { type CredentialRow, wipeCredential } from '../storage/live/credentials.js';
import {
  type GrantRow,
  hasLiveGrantOfAccount,
  storeRevocation,
  storeRevocationResult,
} from '../storage/live/grants.js';
import { revokeAtProvider } from './revoke-at-provider.js';
import { openTokens } from './stored-tokens.js';

/** Who takes which grant back. */
export interface RevokeGrantInput {
  readonly appId: string;
  readonly grantId: string;
  /** Only a grant of this user; undefined: any grant of the app. */
  readonly userId?: string | undefined;
  readonly reason?: string | null | undefined;
  /** Kept with the grant: `api_key:<id>`, `cli`. */
  readonly revokedBy: string;
  /** Further fields of the audit record: caller, address, request. */
  readonly record?: Partial<AuditEvent>;
}

/** What revoking did. */
export interface RevokedGrant {
  readonly grantId: string;
  readonly revokedAtMs: number;
  readonly providerRevocation: ProviderRevocation;
}

/**
 * Takes a grant back: refused everywhere from the next request on (F7), on record, and then ended at the provider where that
 * ends nothing else. The provider's failure does not undo it.
 * @throws ApiError `grant_not_found` (unknown, foreign, already revoked), AuditUnavailableError
 */
export async function revokeGrant(deps: VaultDeps, input: RevokeGrantInput): Promise<RevokedGrant> {
  const { appId, grantId } = input;
  const revokedAtMs = deps.clock();
  const revoked = await deps.storage.transaction((trx) =>
    storeRevocation(trx, {
      appId,
      grantId,
      userId: input.userId,
      revokedBy: input.revokedBy,
      nowMs: revokedAtMs,
    }),
  );
  if (!revoked) throw new ApiError('grant_not_found');
  const { grant, credential } = revoked;
  await recordRevocation(deps, input, grant);
  const providerRevocation = await endAtProvider(deps, grant, credential);
  await storeRevocationResult(deps.storage, { appId, grantId }, providerRevocation);
  if (credential) await wipeCredential(deps.storage.db, { appId, credentialId: credential.id }, revokedAtMs);
  return { grantId, revokedAtMs, providerRevocation };
}

async function recordRevocation(deps: VaultDeps, input: RevokeGrantInput, grant: GrantRow): Promise<void> {
  await deps.audit.append({
    ...input.record,
    kind: 'grant.revoked',
    appId: grant.app_id,
    grantId: grant.id,
    providerId: grant.provider_id,
    userId: grant.principal_type === 'user' ? grant.principal_id : undefined,
    reason: input.reason,
    outcome: 'revoked',
    details: { revoked_by: input.revokedBy },
  });
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
