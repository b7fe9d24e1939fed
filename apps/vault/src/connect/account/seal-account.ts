import { uuidv7 } from 'uuidv7';
import type { VaultDeps } from '../../deps.js';
import { openTokens, type StoredTokens, sealTokens } from '../../grants/stored-tokens.js';
import { findCredential } from '../../storage/live/credentials.js';
import {
  findGrantByAccount,
  type GrantIdentity,
  type GrantInput,
  type GrantRow,
} from '../../storage/live/grants.js';
import type { ConnectedAccount } from './connected-account.js';

/**
 * Seals an account's tokens for the credential of the grant that has it, or for a new one. This is done before the transaction that
 * stores them, since the credential's id is bound into the sealed value and sealing may wait for the key store.
 */
export async function sealAccount(
  deps: VaultDeps,
  identity: GrantIdentity,
  account: ConnectedAccount,
): Promise<GrantInput['credential']> {
  const { appId } = identity;
  const existing = await findGrantByAccount(deps.storage, identity);
  const id = existing?.credential_id ?? uuidv7();
  const tokens = await keepRefreshToken(deps, appId, existing, account.tokens);
  return {
    id,
    sealedTokens: await sealTokens(deps.keyring, { appId, credentialId: id }, tokens),
    metadata: account.metadata,
    accessExpiresAtMs: account.accessExpiresAtMs,
    refreshExpiresAtMs: account.refreshExpiresAtMs,
    hasRefreshToken: tokens.refresh_token !== undefined,
  };
}

/** A provider that hands out refresh tokens only once (Google): the one that is stored stays in use when no new one came. */
async function keepRefreshToken(
  deps: VaultDeps,
  appId: string,
  existing: GrantRow | undefined,
  fresh: StoredTokens,
): Promise<StoredTokens> {
  if (fresh.refresh_token !== undefined || !existing) return fresh;
  const credential = await findCredential(deps.storage.db, { appId, credentialId: existing.credential_id });
  if (!credential?.has_refresh_token || credential.status !== 'active') return fresh;
  const stored = await openTokens(
    deps.keyring,
    { appId, credentialId: credential.id },
    credential.sealed_tokens,
  );
  return stored.refresh_token === undefined ? fresh : { ...fresh, refresh_token: stored.refresh_token };
}
