import { describeFailure } from './failure.js';

/**
 * One `fetch` to a provider under a deadline. Redirects are never followed: they would carry the credential to another
 * place (E2). `read` runs inside the deadline; what is streamed afterwards is bound by the caller's signal only.
 * @throws {TimeoutError} no answer within `timeoutMs`.
 * @throws {NetworkError} no connection, or it broke; carries the system's code and none of the request's content.
 * @throws the signal's reason, when the caller's own signal is aborted.
 */
export async function exchangeWithProvider<Result>(
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
    throw describeFailure('provider', error, deadline.signal.aborted);
  } finally {
    clearTimeout(timer);
  }
}
