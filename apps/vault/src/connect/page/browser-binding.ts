import { constantTimeEqual, hashToken } from '@alter-ai/core-crypto';
import type { VaultDeps } from '../../deps.js';
import { ApiError } from '../../http/api-error.js';
import {
  type ConnectSessionRow,
  findSessionById,
  updateSession,
} from '../../storage/live/connect-sessions.js';
import { findSession } from '../session/poll-session.js';

/**
 * Opens a session in a browser by its token. Opening consumes nothing (C2): a link that a mail scanner or a second browser opened still
 * works. The browser that opened it last is the one whose page may act on it.
 * @throws ApiError `session_not_found`.
 */
export async function openByToken(
  deps: VaultDeps,
  sessionToken: string,
  browserSecret: string,
): Promise<ConnectSessionRow> {
  const browserHash = hashToken(browserSecret);
  for (let attempt = 0; attempt < 3; attempt++) {
    const row = await findSession(deps, sessionToken);
    if (!row) throw new ApiError('session_not_found');
    if (row.browser_hash === browserHash) return row;
    if (await updateSession(deps.storage.db, row, { browser_hash: browserHash })) {
      return { ...row, browser_hash: browserHash, version: row.version + 1 };
    }
  }
  throw new ApiError('service_unavailable');
}

/**
 * Finds the session that this browser has opened (C3).
 * @throws ApiError `session_not_found` for an unknown handle and for another browser's alike.
 */
export async function openByHandle(
  deps: VaultDeps,
  handle: string,
  browserSecret: string | undefined,
): Promise<ConnectSessionRow> {
  const row = browserSecret ? await findSessionById(deps.storage.db, handle) : undefined;
  if (
    !row?.browser_hash ||
    !browserSecret ||
    !constantTimeEqual(row.browser_hash, hashToken(browserSecret))
  ) {
    throw new ApiError('session_not_found', {
      message: 'This connect session is not open in this browser. Open the link again that you were given.',
    });
  }
  return row;
}
