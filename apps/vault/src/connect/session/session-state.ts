import type { ConnectErrorCode } from '@alter-ai/core-contract';
import { connectErrorTable } from '@alter-ai/core-contract';
import type { VaultDeps } from '../../deps.js';
import { ApiError } from '../../http/api-error.js';
import type { Executor } from '../../storage/database/storage.js';
import {
  type ConnectSessionRow,
  findSessionById,
  updateSession,
} from '../../storage/live/connect-sessions.js';

/** One account connected in a session, as the session remembers it. */
export interface SessionResult {
  readonly grantId: string;
  readonly providerId: string;
  readonly providerName: string;
  readonly accountIdentifier: string;
  readonly accountDisplayName: string | null;
  readonly accountEmail: string | null;
  readonly scopes: readonly string[];
  readonly operation: 'creation' | 'reauth';
  readonly atMs: number;
  readonly apiBaseUrl: string | null;
  readonly grantExpiresAtMs: number | null;
  readonly policyCreatedBy: 'developer' | 'end_user' | null;
}

/** A provider that its user turned down. */
export interface DeclinedProvider {
  readonly providerId: string;
  readonly errorCode: string;
  readonly atMs: number;
}

/** How a session failed. `reference` finds the audit records. */
export interface SessionError {
  readonly code: ConnectErrorCode;
  readonly message: string;
  readonly reference: string;
}

/** The parts of a session that change. */
export interface SessionState {
  readonly results: readonly SessionResult[];
  readonly declined: readonly DeclinedProvider[];
  readonly error: SessionError | null;
  readonly notice: { readonly code: string; readonly message: string } | null;
}

/** Reads the changing parts of a session. */
export function readSessionState(row: ConnectSessionRow): SessionState {
  return {
    results: JSON.parse(row.results_json) as SessionResult[],
    declined: JSON.parse(row.declined_json) as DeclinedProvider[],
    error: row.error_json ? (JSON.parse(row.error_json) as SessionError) : null,
    notice: row.notice_json ? (JSON.parse(row.notice_json) as SessionState['notice']) : null,
  };
}

/** Where a session stands at `nowMs`; one that ran out is over whatever it was before. */
export function readSessionStatus(row: ConnectSessionRow, nowMs: number): ConnectSessionRow['status'] {
  return row.expires_at <= nowMs ? 'expired' : row.status;
}

/** How a session fails with a code of the connect error table. */
export function createSessionError(
  code: ConnectErrorCode,
  reference: string,
  message?: string,
): SessionError {
  return { code, message: message ?? connectErrorTable[code], reference };
}

type SessionChanges = Parameters<typeof updateSession>[2];

/** Columns of a state change. */
export function writeSessionState(state: Partial<SessionState>): SessionChanges {
  return {
    ...(state.results ? { results_json: JSON.stringify(state.results) } : {}),
    ...(state.declined ? { declined_json: JSON.stringify(state.declined) } : {}),
    ...(state.error !== undefined ? { error_json: state.error ? JSON.stringify(state.error) : null } : {}),
    ...(state.notice !== undefined
      ? { notice_json: state.notice ? JSON.stringify(state.notice) : null }
      : {}),
  };
}

const attemptsMax = 5;

/**
 * Changes an open session inside `executor`, again from its newest state when somebody else changed it in between.
 * @throws ApiError `session_not_open` when the session is finished or ran out.
 */
export async function changeOpenSession(
  deps: Pick<VaultDeps, 'clock'>,
  executor: Executor,
  sessionId: string,
  change: (row: ConnectSessionRow, state: SessionState) => SessionChanges,
): Promise<ConnectSessionRow> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const row = await findSessionById(executor, sessionId);
    if (!row) throw new ApiError('session_not_found');
    if (readSessionStatus(row, deps.clock()) !== 'pending') throw new ApiError('session_not_open');
    const changes = change(row, readSessionState(row));
    if (await updateSession(executor, row, changes))
      return { ...row, ...changes, version: row.version + 1 } as ConnectSessionRow;
  }
  throw new ApiError('service_unavailable', {
    message: 'The connect session is being changed too often. Try again.',
  });
}
