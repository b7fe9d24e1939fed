import { NetworkError, TimeoutError } from '../errors/network-errors.js';

/** Who is asked, for messages. */
type Peer = 'vault' | 'provider';

/**
 * The error for an exchange that failed below HTTP. The original is dropped on purpose: HTTP clients put header values
 * into some of their messages (K7); only the system's code is kept.
 */
export function describeFailure(peer: Peer, error: unknown, isTimeout: boolean): NetworkError {
  if (isTimeout) return new TimeoutError(`the ${peer} did not answer in time`, { details: { peer } });
  const causeCode = readCauseCode(error);
  const details = { peer, ...(causeCode !== undefined && { cause_code: causeCode }) };
  const suffix = causeCode === undefined ? '' : ` (${causeCode})`;
  return new NetworkError(`the ${peer} could not be reached${suffix}`, { details });
}

/** Whether nothing listened at the address, so that the request was never written. */
export function isConnectionRefused(error: unknown): boolean {
  return error instanceof NetworkError && error.details.cause_code === 'ECONNREFUSED';
}

// fetch wraps the system's error; a name with several addresses gives one error for each.
function readCauseCode(error: unknown): string | undefined {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const causes = cause instanceof AggregateError ? (cause.errors as unknown[]) : [cause];
  const codes = causes.map((each) => (each as { code?: unknown } | null)?.code);
  const [first] = codes;
  return typeof first === 'string' && codes.every((code) => code === first) ? first : undefined;
}
