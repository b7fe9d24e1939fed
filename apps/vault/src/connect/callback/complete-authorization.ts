import { constantTimeEqual, hashToken } from '@alter-ai/core-crypto';
import { parseCallback } from '@alter-ai/oauth-providers';
import type { VaultDeps } from '../../deps.js';
import type { AppSettings, ProviderSettings } from '../../settings/settings-reader.js';
import {
  type AuthorizationRow,
  type ConnectSessionRow,
  findAuthorizationByStateHash,
  findSessionById,
  spendAuthorization,
} from '../../storage/live/connect-sessions.js';
import { findGrantByAccount, findGrantById } from '../../storage/live/grants/grants.js';
import type { ConnectedAccount } from '../account/connected-account.js';
import { exchangeCode } from '../account/exchange-code.js';
import { findKeptCredential, readAim } from '../account/seal-account.js';
import { storeAccount } from '../account/store-account.js';
import { sealMismatch } from '../page/mismatch.js';
import { readSessionRequest } from '../session/session-request.js';
import {
  changeOpenSession,
  createSessionError,
  readSessionStatus,
  writeSessionState,
} from '../session/session-state.js';
import { type AuthorizationState, openAuthorizationState } from './authorization-state.js';
import { CallbackFailure, describeProviderError } from './callback-failure.js';
import { startAuthorization } from './start-authorization.js';

/** Query of the provider's redirect. */
export interface CallbackInput {
  readonly query: URLSearchParams;
  readonly browserSecret: string | undefined;
  readonly sourceAddress: string;
}

/** Where the browser goes next: the page of its session, or a plain page that says why not. */
export type CallbackOutcome =
  | { readonly kind: 'page'; readonly sessionId: string }
  | { readonly kind: 'provider'; readonly url: string }
  | {
      readonly kind: 'refused';
      readonly reason: 'unknown_state' | 'spent_state' | 'other_browser' | 'session_over';
    };

/**
 * Finishes an authorization. A state works once, in the browser that started it (C3); a forged, spent or foreign one calls no provider.
 */
export async function completeAuthorization(deps: VaultDeps, input: CallbackInput): Promise<CallbackOutcome> {
  const nowMs = deps.clock();
  const states = input.query.getAll('state');
  const row =
    states.length === 1 && states[0]
      ? await findAuthorizationByStateHash(deps.storage, hashToken(states[0]))
      : undefined;
  if (!row || row.expires_at <= nowMs) return refuse(deps, input, row, 'unknown_state');
  if (!input.browserSecret || !constantTimeEqual(hashToken(input.browserSecret), row.browser_hash)) {
    return refuse(deps, input, row, 'other_browser');
  }
  if (!(await spendAuthorization(deps.storage, row, nowMs))) return refuse(deps, input, row, 'spent_state');
  const session = await findSessionById(deps.storage.db, row.session_id);
  if (!session || readSessionStatus(session, nowMs) !== 'pending')
    return refuse(deps, input, row, 'session_over');
  const settings = await deps.settings.loadCurrent(row.app_id);
  const provider = settings.providersByConfigId.get(row.provider_config_id);
  try {
    if (!provider)
      throw new CallbackFailure('connect_config_error', 'The provider was removed from this app.');
    const state = await openAuthorizationState(deps, row);
    const account = await readAccount(deps, input, { row, settings, provider, state });
    if (await shouldRepeatConsent(deps, session, { provider, state, account })) {
      return await repeatConsent(deps, session, provider, row, state);
    }
    await keepAccount(deps, session, state, account);
  } catch (error) {
    await recordFailure(deps, session, provider?.providerId ?? 'unknown', error);
  }
  return { kind: 'page', sessionId: session.id };
}

interface Attempt {
  readonly row: AuthorizationRow;
  readonly settings: AppSettings;
  readonly provider: ProviderSettings;
  readonly state: AuthorizationState;
}

function readAccount(deps: VaultDeps, input: CallbackInput, attempt: Attempt): Promise<ConnectedAccount> {
  const { provider, state } = attempt;
  const result = parseCallback({
    definition: provider.definition,
    clientId: provider.clientId ?? '',
    query: input.query,
    params: state.parameters,
  });
  if (result.ok)
    return exchangeCode(deps, { ...attempt, code: result.code, callbackMetadata: result.metadata });
  switch (result.kind) {
    case 'denied':
      throw new CallbackFailure('connect_denied', undefined, { provider_error: result.error });
    case 'issuer_mismatch':
      throw new CallbackFailure('provider_error', 'The answer came from another issuer than the one asked.', {
        check: 'iss',
      });
    case 'malformed':
      throw new CallbackFailure('provider_error', 'The provider sent neither a code nor an error.', {
        check: result.error,
      });
    case 'provider_error':
      throw new CallbackFailure(describeProviderError(result.error), undefined, {
        provider_error: result.error,
      });
  }
}

/** Google gives a refresh token only at the first consent: none came and none is stored that stays in use means asking once more. */
async function shouldRepeatConsent(
  deps: VaultDeps,
  session: ConnectSessionRow,
  attempt: { provider: ProviderSettings; state: AuthorizationState; account: ConnectedAccount },
): Promise<boolean> {
  const { provider, state, account } = attempt;
  if (!provider.definition.retries_consent_without_refresh_token || state.isConsentRepeated) return false;
  if (account.tokens.refresh_token !== undefined) return false;
  const existing = await findGrantByAccount(deps.storage, readAim(session, account));
  return (await findKeptCredential(deps, provider, existing)) === undefined;
}

async function repeatConsent(
  deps: VaultDeps,
  session: ConnectSessionRow,
  provider: ProviderSettings,
  row: AuthorizationRow,
  state: AuthorizationState,
): Promise<CallbackOutcome> {
  const url = await startAuthorization(deps, {
    session,
    provider,
    browserHash: row.browser_hash,
    scopes: state.scopes,
    parameters: state.parameters,
    chosenLifetimeSeconds: state.chosenLifetimeSeconds,
    isAccountSwitch: false,
    isAddedAccount: state.isAddedAccount,
    isConsentRepeated: true,
    loginHint: null,
  });
  return { kind: 'provider', url };
}

async function keepAccount(
  deps: VaultDeps,
  session: ConnectSessionRow,
  state: AuthorizationState,
  account: ConnectedAccount,
): Promise<void> {
  const { repairGrantId } = readSessionRequest(session.request_json);
  const repaired = repairGrantId
    ? await findGrantById(deps.storage, session.app_id, repairGrantId)
    : undefined;
  const isOther = repaired && (repaired.subject !== account.subject || repaired.issuer !== account.issuer);
  if (!repaired || !isOther || state.isAddedAccount) {
    await storeAccount(deps, { session, account });
    return;
  }
  const sealed = await sealMismatch(deps, session, {
    providerId: account.providerId,
    expected: repaired.account_identifier,
    actual: account.accountIdentifier,
    account,
  });
  await changeOpenSession(deps, deps.storage.db, session.id, () => ({ sealed_mismatch: sealed }));
}

/** Turns a failure into the session's error, or into a notice while other providers are still on offer. */
async function recordFailure(
  deps: VaultDeps,
  session: ConnectSessionRow,
  providerId: string,
  cause: unknown,
): Promise<void> {
  const failure = cause instanceof CallbackFailure ? cause : new CallbackFailure('service_unavailable');
  if (!(cause instanceof CallbackFailure)) {
    deps.log.error(
      { session_id: session.id, error: cause instanceof Error ? cause.name : 'unknown' },
      'connect callback failed',
    );
  }
  const nowMs = deps.clock();
  const isSingle = readSessionRequest(session.request_json).providers.length === 1;
  await changeOpenSession(deps, deps.storage.db, session.id, (_, state) => ({
    ...writeSessionState({
      declined: [
        ...state.declined.filter((item) => item.providerId !== providerId),
        { providerId, errorCode: failure.code, atMs: nowMs },
      ],
      ...(isSingle
        ? { error: createSessionError(failure.code, session.id, failure.message) }
        : { notice: { code: failure.code, message: failure.message } }),
    }),
    ...(isSingle ? { status: 'error' as const, finished_at: nowMs } : {}),
  })).catch((error: unknown) => {
    // The session ended meanwhile; its end stands.
    deps.log.warn(
      { session_id: session.id, error: error instanceof Error ? error.name : 'unknown' },
      'connect session ended first',
    );
  });
  await deps.audit.append({
    kind: failure.code === 'connect_denied' ? 'connect.denied' : 'connect.failed',
    appId: session.app_id,
    providerId,
    ...(session.user_id ? { userId: session.user_id } : {}),
    outcome: failure.code === 'connect_denied' ? 'denied' : 'failed',
    errorCode: failure.code,
    details: { session_id: session.id, ...failure.evidence },
  });
}

async function refuse(
  deps: VaultDeps,
  input: CallbackInput,
  row: AuthorizationRow | undefined,
  reason: 'unknown_state' | 'spent_state' | 'other_browser' | 'session_over',
): Promise<CallbackOutcome> {
  await deps.audit.append({
    kind: 'connect.callback_refused',
    appId: row?.app_id ?? null,
    sourceAddress: input.sourceAddress,
    outcome: 'refused',
    errorCode: reason,
    details: row ? { session_id: row.session_id } : {},
  });
  return { kind: 'refused', reason };
}
