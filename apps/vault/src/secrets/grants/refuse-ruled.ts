import { listRuledGrants } from '../../access/checks/decide-access.js';
import type { VaultDeps } from '../../deps.js';
import { ApiError } from '../../http/api-error.js';
import type { AppSettings } from '../../settings/settings-reader.js';
import { findGrantOfCredential } from '../../storage/secrets/secret-grants.js';

/**
 * Refuses one more grant on a credential that a grant with rules of its own rests on: rules are looked up by grant, so the new one
 * would be a way around them (P3, wire/2 section 7.2). That of a revoked grant counts, or revoking it would be the way around.
 * @throws ApiError `mint_source_has_grant_rules`
 */
export async function refuseRuledCredential(
  deps: Pick<VaultDeps, 'storage'>,
  settings: AppSettings,
  credentialId: string,
): Promise<void> {
  const key = { appId: settings.appId, credentialId };
  const grantId = await findGrantOfCredential(deps.storage, key, listRuledGrants(settings));
  if (grantId !== undefined) {
    throw new ApiError('mint_source_has_grant_rules', { fields: { grant_id: grantId } });
  }
}
