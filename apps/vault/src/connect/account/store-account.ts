import type { Transaction } from 'kysely';
import type { VaultDeps } from '../../deps.js';
import type { ConnectSessionRow } from '../../storage/live/connect-sessions.js';
import {
  type GrantInput,
  StaleGrantError,
  upsertGrantWithCredential,
} from '../../storage/live/grants/grants.js';
import { markProxyOnly } from '../../storage/secrets/mark-proxy-only.js';
import type { Tables } from '../../storage/tables.js';
import { computeGrantExpiry, readSessionRequest } from '../session/session-request.js';
import { changeOpenSession, type SessionResult, writeSessionState } from '../session/session-state.js';
import type { ConnectedAccount } from './connected-account.js';
import { readAim, sealAccount } from './seal-account.js';

/** Somebody else revokes or connects the same account at the same moment; that often in a row nobody does. */
const attemptsMax = 5;

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
  const aim = readAim(session, account);
  const expiresAtMs = computeGrantExpiry(request.lifetime, account.chosenLifetimeSeconds, nowMs);
  const createdBy = account.chosenLifetimeSeconds === null ? 'developer' : 'end_user';
  const storeSealed = async (trx: Transaction<Tables>, credential: GrantInput['credential']) => {
    const upserted = await upsertGrantWithCredential(trx, {
      ...aim,
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
      credential,
      nowMs,
    });
    if (request.isProxyOnly) await markProxyOnly(trx, { appId: session.app_id, credentialId: credential.id });
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
  };
  const stored = await repeatWhileStale(async () => {
    const credential = await sealAccount(deps, provider, aim, account);
    return deps.storage.transaction((trx) => storeSealed(trx, credential));
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

/** Reads and seals again what somebody else has changed in between: connected, or revoked. */
async function repeatWhileStale<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StaleGrantError) || attempt >= attemptsMax) throw error;
    }
  }
}

/** A bare https origin from the token answer, e.g. Salesforce's `instance_url`, where the provider has one (wire/2 §2.2). */
function readApiBaseUrl(metadata: Readonly<Record<string, string>>): string | null {
  const value = metadata.instance_url ?? metadata.api_url ?? metadata.api_domain;
  return value && /^https:\/\/[a-z0-9.-]+$/.test(value) ? value : null;
}
