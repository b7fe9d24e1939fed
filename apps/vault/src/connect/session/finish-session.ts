import type { VaultDeps } from '../../deps.js';
import type { ConnectSessionRow } from '../../storage/live/connect-sessions.js';
import { changeOpenSession, createSessionError, writeSessionState } from './session-state.js';

/**
 * Ends an open session: completed with everything connected so far, or, nothing connected, with `emptyCode`. This row is what every client
 * believes (C1).
 */
export async function finishSession(
  deps: VaultDeps,
  sessionId: string,
  emptyCode: 'connect_denied' | 'connect_cancelled' = 'connect_denied',
): Promise<ConnectSessionRow> {
  const row = await changeOpenSession(deps, deps.storage.db, sessionId, (_, state) => {
    if (state.results.length > 0)
      return { status: 'completed', sealed_mismatch: null, finished_at: deps.clock() };
    const error = createSessionError(emptyCode, sessionId);
    return {
      ...writeSessionState({ error }),
      status: 'error',
      sealed_mismatch: null,
      finished_at: deps.clock(),
    };
  });
  await deps.audit.append({
    kind: row.status === 'completed' ? 'connect.completed' : 'connect.denied',
    appId: row.app_id,
    ...(row.user_id ? { userId: row.user_id } : {}),
    outcome: row.status === 'completed' ? 'ok' : 'denied',
    details: { session_id: row.id },
  });
  return row;
}
