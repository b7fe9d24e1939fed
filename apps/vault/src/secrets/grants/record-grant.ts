import type { AuditEvent } from '../../audit/audit-event.js';
import type { VaultDeps } from '../../deps.js';
import { ApiError } from '../../http/api-error.js';

/**
 * Puts a grant on record, then stores it (A4): whoever is killed in between leaves a record too many, never a grant that nobody wrote
 * down, and whoever is told that the log is unavailable may repeat the call. Where storing it fails, a second record says so.
 * @throws AuditUnavailableError nothing was stored; whatever `store` throws
 */
export async function recordThenStore<T>(
  deps: Pick<VaultDeps, 'audit'>,
  event: AuditEvent,
  store: () => Promise<T>,
): Promise<T> {
  await deps.audit.append({ ...event, outcome: 'ok' });
  try {
    return await store();
  } catch (error) {
    // A commit whose answer was lost may have happened.
    const outcome = error instanceof ApiError ? 'failed' : 'unknown';
    const errorCode = error instanceof ApiError ? error.code : undefined;
    await deps.audit.append({ ...event, outcome, errorCode }).catch(() => {});
    throw error;
  }
}
