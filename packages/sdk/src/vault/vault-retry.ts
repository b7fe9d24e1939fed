import { BackendError } from '../errors/backend-error.js';
import { isConnectionRefused } from '../transport/failure.js';
import type { Runtime } from '../transport/runtime.js';

const refusedDelayMs = 100;
const refreshDelayMs = 1000;

interface VaultAttempts<Result> {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Three, or one for calls that are not repeated. */
  readonly attemptsMax: number;
  /** Makes one attempt within the milliseconds that are left. */
  readonly attempt: (timeoutMs: number) => Promise<Result>;
}

/**
 * Repeats a call to the vault where nothing can have happened twice: connection refused, a refresh under way, 429 and
 * 503 with `Retry-After`; at most twice and never past the deadline (decisions.md "SDK retries").
 */
export async function retryVaultCall<Result>(runtime: Runtime, call: VaultAttempts<Result>): Promise<Result> {
  const endsAtMs = runtime.monotonicMs() + call.timeoutMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call.attempt(endsAtMs - runtime.monotonicMs());
    } catch (error) {
      const delayMs = findDelayMs(error, attempt);
      if (delayMs === undefined || attempt >= call.attemptsMax) throw error;
      // The vault's own error says more than a timeout would.
      if (runtime.monotonicMs() + delayMs >= endsAtMs) throw error;
      await runtime.sleep(delayMs, call.signal);
    }
  }
}

function findDelayMs(error: unknown, attempt: number): number | undefined {
  if (isConnectionRefused(error)) return refusedDelayMs * attempt;
  if (!(error instanceof BackendError)) return undefined;
  const seconds = error.details.retry_after_seconds;
  const waitMs = typeof seconds === 'number' ? seconds * 1000 : undefined;
  if (error.statusCode === 409 && error.code === 'token_refresh_in_progress') return waitMs ?? refreshDelayMs;
  return error.statusCode === 429 || error.statusCode === 503 ? waitMs : undefined;
}
