import type { ProviderRevocation } from '@alter-ai/core-contract';
import type { AuditEvent } from '../audit/audit-event.js';
import type { VaultDeps } from '../deps.js';
import { ApiError } from '../http/api-error.js';
import type { GrantRow } from '../storage/live/grants/grants.js';
import { storeRevocation } from '../storage/live/revocation/store-revocation.js';
import { describeRevocation, finishRevocation } from './upkeep/finish-revocation.js';

/** When somebody else sees to it that the provider is told, if this process does not live to. */
const takenOverAfterMs = 60_000;

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
 * ends nothing else. The provider's failure does not undo it; it is tried again later (`finishPendingRevocations`).
 * @throws ApiError `grant_not_found` (unknown, foreign, already revoked), AuditUnavailableError
 */
export async function revokeGrant(deps: VaultDeps, input: RevokeGrantInput): Promise<RevokedGrant> {
  const { appId, grantId } = input;
  const revokedAtMs = deps.clock();
  const grant = await deps.storage.transaction((trx) =>
    storeRevocation(deps.storage, trx, {
      appId,
      grantId,
      userId: input.userId,
      revokedBy: input.revokedBy,
      nowMs: revokedAtMs,
      dueInMs: takenOverAfterMs,
    }),
  );
  if (!grant) throw new ApiError('grant_not_found');
  await recordRevocation(deps, input, grant);
  const providerRevocation = await finishRevocation(deps, grant);
  return { grantId, revokedAtMs, providerRevocation };
}

async function recordRevocation(deps: VaultDeps, input: RevokeGrantInput, grant: GrantRow): Promise<void> {
  await deps.audit.append({
    ...input.record,
    ...describeRevocation(grant),
    reason: input.reason,
  });
}
