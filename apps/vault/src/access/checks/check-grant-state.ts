import { ApiError } from '../../http/api-error.js';
import type { UsableGrant } from '../../storage/live/grants/usable-grant.js';

/**
 * Refuses a grant that cannot be used: taken back, past its lifetime, its credential dead, or a scope known to be missing.
 * A credential that was interrupted in a refresh works while its access token lives (R4).
 * @throws ApiError `grant_revoked`, `grant_expired`, `credential_revoked`, `scope_mismatch`
 */
export function checkGrantState(grant: UsableGrant, nowMs: number): void {
  if (
    grant.grant_status === 'active' &&
    grant.grant_expires_at === null &&
    grant.credential_status === 'active' &&
    grant.mismatch_json === null
  ) {
    return;
  }
  const fields = { grant_id: grant.grant_id, provider_id: grant.provider_id };
  if (grant.grant_status === 'revoked') throw new ApiError('grant_revoked', { fields });
  if (grant.grant_expires_at !== null && grant.grant_expires_at <= nowMs) {
    const expiredAt = new Date(grant.grant_expires_at).toISOString();
    throw new ApiError('grant_expired', { fields: { ...fields, expired_at: expiredAt } });
  }
  if (grant.credential_status !== 'active' && !isStillUsable(grant, nowMs)) {
    throw new ApiError('credential_revoked', {
      fields: { ...fields, cause: grant.death_cause ?? 'revoked' },
    });
  }
  if (grant.mismatch_json !== null) {
    throw new ApiError('scope_mismatch', {
      fields: { details: { ...fields, missing_scopes: JSON.parse(grant.mismatch_json) as string[] } },
    });
  }
}

/** The user is asked to connect again, but what is stored still works for a while (R4). */
export function isStillUsable(
  grant: Pick<UsableGrant, 'credential_status' | 'death_cause' | 'is_refresh_forced' | 'access_expires_at'>,
  nowMs: number,
): boolean {
  return (
    grant.credential_status === 'needs_reauth' &&
    grant.death_cause === 'interrupted_refresh' &&
    grant.is_refresh_forced === 0 &&
    grant.access_expires_at !== null &&
    grant.access_expires_at > nowMs
  );
}
