import { uuidv7 } from 'uuidv7';
import type { VaultDeps } from '../../deps.js';
import { openTokens, type StoredTokens, sealTokens } from '../../grants/stored-tokens.js';
import type { ConnectSessionRow } from '../../storage/live/connect-sessions.js';
import { findCredential } from '../../storage/live/credentials.js';
import {
  findGrantByAccount,
  type GrantAim,
  type GrantInput,
  type GrantRow,
} from '../../storage/live/grants.js';
import { readSessionRequest } from '../session/session-request.js';
import type { ConnectedAccount } from './connected-account.js';

/** Which grant a session's account is for. */
export function readAim(session: ConnectSessionRow, account: ConnectedAccount): GrantAim {
  return {
    appId: session.app_id,
    principalType: session.user_id ? 'user' : 'system',
    principalId: session.user_id ?? 'system',
    providerConfigId: account.providerConfigId,
    issuer: account.issuer,
    subject: account.subject,
    repairGrantId: readSessionRequest(session.request_json).repairGrantId,
  };
}

/**
 * Seals an account's tokens for the credential of the grant that has it, or for a new one. This is done before the transaction that
 * stores them, since the credential's id is bound into the sealed value and sealing may wait for the key store.
 */
export async function sealAccount(
  deps: VaultDeps,
  aim: GrantAim,
  account: ConnectedAccount,
): Promise<GrantInput['credential']> {
  const { appId } = aim;
  const existing = await findGrantByAccount(deps.storage, aim);
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
