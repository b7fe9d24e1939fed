import { ApiError } from '../../http/api-error.js';
import type { UsableGrant } from '../../storage/live/grants/usable-grant.js';

/**
 * Refuses to release a credential that does not leave the vault (B7): marked so itself, or at its provider or managed secret.
 * No key is exempt, and nothing has been opened yet.
 * @throws ApiError `restricted_grant_requires_proxy`
 */
export function refuseRelease(grant: UsableGrant, isProxyOnly: boolean): void {
  if (!isProxyOnly && grant.is_proxy_only === 0) return;
  throw new ApiError('restricted_grant_requires_proxy', {
    fields: { grant_id: grant.grant_id, provider_id: grant.provider_id },
  });
}
