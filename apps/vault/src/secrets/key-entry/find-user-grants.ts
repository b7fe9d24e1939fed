import type { VaultDeps } from '../../deps.js';
import type { GrantRow } from '../../storage/live/grants/grants.js';
import { listUserSecretGrants } from '../../storage/secrets/secret-grants.js';

/** A user's grant on a managed secret, with what its credential says. */
export interface UserSecretGrant {
  readonly grant: GrantRow;
  readonly owner: 'developer' | 'end_user';
  /** It can be used now. */
  readonly isUsable: boolean;
}

/** The grants of one user on one managed secret that were not revoked, newest first. */
export async function findUserGrants(
  deps: Pick<VaultDeps, 'storage' | 'clock'>,
  of: { appId: string; userId: string; secretId: string },
): Promise<UserSecretGrant[]> {
  const nowMs = deps.clock();
  const rows = await listUserSecretGrants(deps.storage, of);
  return rows.map(({ credential_owner: owner, credential_status: status, ...grant }) => ({
    grant,
    owner: owner ?? 'developer',
    isUsable: status === 'active' && (grant.expires_at === null || grant.expires_at > nowMs),
  }));
}
