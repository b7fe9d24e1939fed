import { EgressError } from '../egress-error.js';
import { parseAddress } from './address-range.js';
import type { ResolveHost } from './resolve-host.js';

/**
 * Every address of a host, asked once; a literal address is its own answer.
 * Throws EgressError `connect_timeout`, `connect_failed` or `aborted`, always with nothing written.
 */
export async function resolveAddresses(
  hostname: string,
  host: string,
  resolveHost: ResolveHost,
  limits: { timeoutMs: number; signal: AbortSignal | undefined },
): Promise<readonly string[]> {
  if (parseAddress(hostname) !== undefined) return [hostname.replace(/^\[|\]$/g, '')];
  let reject: (error: EgressError) => void = () => {};
  const interrupted = new Promise<never>((_resolve, rejectInterrupted) => {
    reject = rejectInterrupted;
  });
  const give = (code: 'connect_timeout' | 'aborted', reason: string) =>
    reject(new EgressError(code, reason, { requestWritten: false, host }));
  const onAbort = () => give('aborted', 'the caller ended the call');
  const timer = setTimeout(
    () => give('connect_timeout', 'the name was not resolved in time'),
    limits.timeoutMs,
  );
  if (limits.signal?.aborted) onAbort();
  limits.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([interrupted, resolveHost(hostname)]);
  } catch (error) {
    if (error instanceof EgressError) throw error;
    throw new EgressError('connect_failed', 'the name was not resolved', { requestWritten: false, host });
  } finally {
    clearTimeout(timer);
    limits.signal?.removeEventListener('abort', onAbort);
  }
}
