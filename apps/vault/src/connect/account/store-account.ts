import { uuidv7 } from 'uuidv7';
import type { VaultDeps } from '../../deps.js';
import { openTokens, type StoredTokens, sealTokens } from '../../grants/stored-tokens.js';
import type { ConnectSessionRow } from '../../storage/live/connect-sessions.js';
import { findCredential } from '../../storage/live/credentials.js';
import { findGrantByAccount, type GrantRow, upsertGrantWithCredential } from '../../storage/live/grants.js';
import { lockCredential } from '../../storage/secrets/lock-credential.js';
import { computeGrantExpiry, readSessionRequest } from '../session/session-request.js';
import { changeOpenSession, type SessionResult, writeSessionState } from '../session/session-state.js';
import type { ConnectedAccount } from './connected-account.js';

/**
 * Stores a connected account as a grant and tells its session, both in one transaction: nobody sees one without the other. The same
 * account again is a reauth of the same grant (decisions.md "Which calls mean the same grant").
 */
export async function storeAccount(
  deps: VaultDeps,
  input: { session: ConnectSessionRow; account: ConnectedAccount },
): Promise<SessionResult> {
  const { session, account } = input;
  const request = readSessionRequest(session.request_json);
  const settings = await deps.settings.loadCurrent(session.app_id);
  const provider = settings.providersByConfigId.get(account.providerConfigId);
  const nowMs = deps.clock();
  const identity = {
    appId: session.app_id,
    principalType: session.user_id ? ('user' as const) : ('system' as const),
    principalId: session.user_id ?? 'system',
    providerConfigId: account.providerConfigId,
    issuer: account.issuer,
    subject: account.subject,
  };
  const existing = await findGrantByAccount(deps.storage, identity);
  // The id must be known before the transaction: it is bound into the sealed value, and sealing may wait for the key store.
  const credentialId = existing?.credential_id ?? uuidv7();
  const tokens = await keepRefreshToken(deps, session.app_id, existing, account.tokens);
  const sealedTokens = await sealTokens(deps.keyring, { appId: session.app_id, credentialId }, tokens);
  const expiresAtMs = computeGrantExpiry(request.lifetime, account.chosenLifetimeSeconds, nowMs);
  const createdBy = account.chosenLifetimeSeconds === null ? 'developer' : 'end_user';
  const stored = await deps.storage.transaction(async (trx) => {
    const upserted = await upsertGrantWithCredential(trx, {
      ...identity,
      providerId: account.providerId,
      accountIdentifier: account.accountIdentifier,
      accountDisplayName: account.accountDisplayName,
      label: request.label,
      scopes: account.scopes,
      parameters: account.parameters,
      expiresAtMs,
      policy: {
        max_ttl_seconds: request.lifetime?.maxSeconds ?? null,
        created_by: createdBy,
        created_at: new Date(nowMs).toISOString(),
      },
      credential: {
        id: credentialId,
        sealedTokens,
        metadata: account.metadata,
        accessExpiresAtMs: account.accessExpiresAtMs,
        refreshExpiresAtMs: account.refreshExpiresAtMs,
        hasRefreshToken: tokens.refresh_token !== undefined,
      },
      nowMs,
    });
    if (request.isProxyOnly) await lockCredential(trx, { appId: session.app_id, credentialId });
    const result: SessionResult = {
      grantId: upserted.grantId,
      providerId: account.providerId,
      providerName: provider?.displayName ?? account.providerId,
      accountIdentifier: account.accountIdentifier,
      accountDisplayName: account.accountDisplayName,
      accountEmail: account.accountEmail,
      scopes: account.scopes,
      operation: upserted.operation,
      atMs: nowMs,
      apiBaseUrl: readApiBaseUrl(account.metadata),
      grantExpiresAtMs: expiresAtMs,
      policyCreatedBy: expiresAtMs === null ? null : createdBy,
    };
    const isSingle = request.providers.length === 1;
    await changeOpenSession(deps, trx, session.id, (_, state) => ({
      ...writeSessionState({
        results: [...state.results.filter((other) => other.grantId !== result.grantId), result],
        declined: state.declined.filter((other) => other.providerId !== account.providerId),
        notice: null,
      }),
      sealed_mismatch: null,
      ...(isSingle ? { status: 'completed' as const, finished_at: nowMs } : {}),
    }));
    return { result, isSingle };
  });
  await deps.audit.append({
    kind: stored.result.operation === 'reauth' ? 'grant.reauthorized' : 'grant.created',
    appId: session.app_id,
    grantId: stored.result.grantId,
    providerId: account.providerId,
    ...(session.user_id ? { userId: session.user_id } : {}),
    ...(request.caller ? { caller: request.caller } : {}),
    outcome: 'ok',
    details: {
      session_id: session.id,
      scopes: [...account.scopes],
      ...(request.isProxyOnly ? { proxy_only: true } : {}),
      ...(request.metadata ? { metadata: { ...request.metadata } } : {}),
    },
  });
  if (stored.isSingle) {
    await deps.audit.append({
      kind: 'connect.completed',
      appId: session.app_id,
      ...(session.user_id ? { userId: session.user_id } : {}),
      outcome: 'ok',
      details: { session_id: session.id },
    });
  }
  return stored.result;
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

/** A bare https origin from the token answer, e.g. Salesforce's `instance_url`, where the provider has one (wire/2 §2.2). */
function readApiBaseUrl(metadata: Readonly<Record<string, string>>): string | null {
  const value = metadata.instance_url ?? metadata.api_url ?? metadata.api_domain;
  return value && /^https:\/\/[a-z0-9.-]+$/.test(value) ? value : null;
}
