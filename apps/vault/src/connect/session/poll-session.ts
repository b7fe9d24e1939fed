import type { ConnectPollResponse, ConnectStatusResponse } from '@alter-ai/core-contract';
import type { VaultDeps } from '../../deps.js';
import { type ConnectSessionRow, findSessionByTokenHash } from '../../storage/live/connect-sessions.js';
import { buildPostedGrants } from '../page/posted-grants.js';
import { readSessionState, readSessionStatus, type SessionError } from './session-state.js';
import { hashSessionToken } from './session-token.js';

const toIso = (ms: number) => new Date(ms).toISOString();

/**
 * Tells how a session stands (wire/2 §2). Unknown, foreign and ran-out tokens are all `expired`.
 */
export async function pollSession(
  deps: VaultDeps,
  input: { appId: string; sessionToken: string },
): Promise<ConnectPollResponse> {
  const row = await findSession(deps, input.sessionToken);
  if (!row || row.app_id !== input.appId) return { status: 'expired' };
  const status = readSessionStatus(row, deps.clock());
  const state = readSessionState(row);
  const declined = state.declined.map((item) => ({
    provider_id: item.providerId,
    error_code: item.errorCode,
    declined_at: toIso(item.atMs),
  }));
  const declinedField = declined.length > 0 ? { declined_providers: declined } : {};
  if (status === 'pending') return { status, ...declinedField };
  if (status === 'expired') return { status };
  if (status === 'error') {
    return {
      status,
      error: {
        error_code: toPolledCode(state.error),
        error_message: state.error?.message ?? 'The connection failed.',
      },
    };
  }
  return {
    status,
    grants: state.results.map((result) => ({
      grant_id: result.grantId,
      provider_id: result.providerId,
      account_identifier: result.accountIdentifier,
      scopes: [...result.scopes],
      ...(result.apiBaseUrl ? { api_base_url: result.apiBaseUrl } : {}),
      operation: result.operation,
      ...(result.grantExpiresAtMs !== null
        ? {
            grant_policy: {
              expires_at: toIso(result.grantExpiresAtMs),
              created_by: result.policyCreatedBy ?? 'developer',
              created_at: toIso(result.atMs),
            },
          }
        : {}),
    })),
    ...declinedField,
  };
}

/** Whoever waits by poll learns of a cancelled page as of a denial: the published clients have a class for that one only. */
function toPolledCode(error: SessionError | null): string {
  if (error === null) return 'service_unavailable';
  return error.code === 'connect_cancelled' ? 'connect_denied' : error.code;
}

/** How often a waiting status call looks again; another process may have finished the session. */
const lookIntervalMs = 300;

/**
 * Tells the page that opened the popup how the session stands, waiting up to `waitMs` for it to end.
 */
export async function waitForSession(
  deps: VaultDeps,
  input: { sessionToken: string; waitMs: number; signal: AbortSignal },
): Promise<ConnectStatusResponse> {
  const endsAtMs = deps.clock() + input.waitMs;
  for (;;) {
    const row = await findSession(deps, input.sessionToken);
    const response = row ? describeStatus(row, deps.clock()) : ({ status: 'expired' } as const);
    if (response.status !== 'pending' || deps.clock() >= endsAtMs || input.signal.aborted) return response;
    await pause(lookIntervalMs, input.signal);
  }
}

function describeStatus(row: ConnectSessionRow, nowMs: number): ConnectStatusResponse {
  const status = readSessionStatus(row, nowMs);
  const state = readSessionState(row);
  if (status === 'completed') return { status, grants: buildPostedGrants(state.results) };
  if (status === 'error' && state.error)
    return { status, error: { code: state.error.code, message: state.error.message } };
  return { status };
}

/** The session of a token, over all apps. */
export function findSession(deps: VaultDeps, sessionToken: string): Promise<ConnectSessionRow | undefined> {
  const hash = hashSessionToken(sessionToken);
  return hash ? findSessionByTokenHash(deps.storage, hash) : Promise.resolve(undefined);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
