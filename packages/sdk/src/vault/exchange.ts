import { NetworkError, TimeoutError } from '../errors/network-errors.js';

/** Who is asked, for messages. */
export type Peer = 'vault' | 'provider';

/**
 * One `fetch` under a deadline. Redirects are never followed: they would carry the credential to another place (E2).
 * `read` runs inside the deadline; what is streamed afterwards is bound by the caller's signal only.
 * @throws {TimeoutError} no answer within `timeoutMs`.
 * @throws {NetworkError} no connection, or it broke; carries the system's code and none of the request's content.
 * @throws the signal's reason, when the caller's own signal is aborted.
 */
export async function exchange<Result>(
  peer: Peer,
  url: string,
  init: RequestInit,
  limits: { timeoutMs: number; signal: AbortSignal | undefined },
  read: (response: Response) => Promise<Result>,
): Promise<Result> {
  const { timeoutMs, signal } = limits;
  signal?.throwIfAborted();
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), Math.max(1, timeoutMs));
  const combined = signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]);
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: combined });
    return await read(response);
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw describeFailure(peer, error, deadline.signal.aborted);
  } finally {
    clearTimeout(timer);
  }
}

// The original error is dropped on purpose: undici puts header values into some of its messages.
function describeFailure(peer: Peer, error: unknown, isTimeout: boolean): NetworkError {
  if (isTimeout) return new TimeoutError(`the ${peer} did not answer in time`, { details: { peer } });
  const causeCode = readCauseCode(error);
  const details = { peer, ...(causeCode !== undefined && { cause_code: causeCode }) };
  const message = `the ${peer} could not be reached${causeCode === undefined ? '' : ` (${causeCode})`}`;
  return new NetworkError(message, { details });
}

/** Whether nothing listened at the address, so that the request was never written. */
export function isConnectionRefused(error: unknown): boolean {
  return error instanceof NetworkError && error.details.cause_code === 'ECONNREFUSED';
}

function readCauseCode(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error)) return undefined;
  const causes = cause instanceof AggregateError ? (cause.errors as unknown[]) : [cause];
  const codes = causes.map((each) => (each as { code?: unknown } | null)?.code);
  const [first] = codes;
  return typeof first === 'string' && codes.every((code) => code === first) ? first : undefined;
}
