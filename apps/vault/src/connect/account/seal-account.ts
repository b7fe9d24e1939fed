import { uuidv7 } from 'uuidv7';
import type { VaultDeps } from '../../deps.js';
import { openTokens, sealTokens } from '../../grants/stored-tokens.js';
import type { ProviderSettings } from '../../settings/settings-reader.js';
import type { ConnectSessionRow } from '../../storage/live/connect-sessions.js';
import { type CredentialRow, findCredential } from '../../storage/live/credentials.js';
import {
  findGrantByAccount,
  type GrantAim,
  type GrantInput,
  type GrantRow,
} from '../../storage/live/grants/grants.js';
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
  provider: ProviderSettings | undefined,
  aim: GrantAim,
  account: ConnectedAccount,
): Promise<GrantInput['credential']> {
  const { appId } = aim;
  const existing = await findGrantByAccount(deps.storage, aim);
  const id = existing?.credential_id ?? uuidv7();
  const hasOwn = account.tokens.refresh_token !== undefined;
  const kept = hasOwn ? undefined : await findKeptCredential(deps, provider, existing);
  const before = kept && (await openTokens(deps.keyring, { appId, credentialId: id }, kept.sealed_tokens));
  const tokens = before?.refresh_token
    ? { ...account.tokens, refresh_token: before.refresh_token }
    : account.tokens;
  return {
    id,
    sealedTokens: await sealTokens(deps.keyring, { appId, credentialId: id }, tokens),
    metadata: account.metadata,
    accessExpiresAtMs: account.accessExpiresAtMs,
    refreshExpiresAtMs: account.refreshExpiresAtMs,
    hasRefreshToken: tokens.refresh_token !== undefined,
    ...(kept ? { madeFrom: kept } : {}),
  };
}

/**
 * The credential whose refresh token stays in use when a new consent brings none, as with a provider that hands them out only once
 * (Google). Undefined: there is none, the provider has refused it, or a refresh under way may have spent it, and a token that may be spent
 * is not presented again (R4).
 */
export async function findKeptCredential(
  deps: VaultDeps,
  provider: ProviderSettings | undefined,
  existing: GrantRow | undefined,
): Promise<CredentialRow | undefined> {
  if (!existing) return undefined;
  const key = { appId: existing.app_id, credentialId: existing.credential_id };
  const row = await findCredential(deps.storage.db, key);
  if (row?.status !== 'active' || row.has_refresh_token === 0) return undefined;
  const isOpen = row.intent_generation === row.generation;
  return isOpen && provider?.definition.refresh_reuse !== 'none' ? undefined : row;
}
