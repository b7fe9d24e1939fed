import type { Address } from '../address.js';
import { toFailure, toSuccess } from '../outcome.js';
import type { Outcome } from '../types.js';

/** `pending`: the session is not over. `expired`: it ended without a result. `unknown`: the server could not be asked now. `unavailable`: it has no such endpoint. */
export type Answer = Outcome | 'pending' | 'expired' | 'unknown' | 'unavailable';

/** Asks the vault once how the session stands; it may hold the answer back for `waitMs`. */
export async function askServer(address: Address, waitMs: number, signal: AbortSignal): Promise<Answer> {
  if (!address.token) return 'unavailable';
  try {
    const response = await fetch(`${address.base}/sdk/oauth/connect/status`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ session_token: address.token, wait_ms: waitMs }),
      cache: 'no-store',
      credentials: 'omit',
      signal,
    });
    const { status } = response;
    if (!response.ok) return status < 500 && status !== 408 && status !== 429 ? 'unavailable' : 'unknown';
    const body = await response.json();
    if (body.status === 'completed') return toSuccess(body.grants);
    if (body.status === 'error') return toFailure(body.error?.code, body.error?.message, body.error);
    return body.status === 'expired' ? 'expired' : 'pending';
  } catch {
    return 'unknown';
  }
}

/** The outcome in an answer; a session that is not over counts as left by the user. */
export function toOutcome(answer: Answer): Outcome {
  return typeof answer === 'object' ? answer : { name: 'exit' };
}

/** A running long poll; `isUsable` turns false while the server cannot answer for the session. */
export interface ServerWatch {
  isUsable: boolean;
}

/** Asks until the session is over or the signal stops it. */
export function watchServer(
  address: Address,
  signal: AbortSignal,
  report: (answer: Outcome | 'expired') => void,
): ServerWatch {
  const watch: ServerWatch = { isUsable: true };
  let failures = 0;
  const askAgain = async (): Promise<void> => {
    const answer = await askServer(address, 25_000, signal);
    if (signal.aborted) return;
    if (typeof answer === 'object' || answer === 'expired') return report(answer);
    failures = answer === 'pending' ? 0 : failures + 1;
    // A network that fails three times over is no judge of a closed window either.
    watch.isUsable = answer !== 'unavailable' && failures < 3;
    if (answer !== 'unavailable') setTimeout(askAgain, Math.min(500 + 1000 * failures, 10_000));
  };
  void askAgain();
  return watch;
}
