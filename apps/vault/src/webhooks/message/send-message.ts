import type { SecretValue } from '@alter-ai/core-crypto';
import { EgressError } from '@alter-ai/egress';
import type { VaultDeps } from '../../deps.js';
import { signMessage } from './webhook-secret.js';

/** How long an endpoint may take for its whole answer. */
export const attemptTimeoutMs = 10_000;
const answerBytesMax = 64 * 1024;

/** What became of one attempt. `error` is a code, never the endpoint's own words. */
export interface AttemptOutcome {
  readonly result: 'delivered' | 'failed' | 'gone' | 'aborted';
  /** HTTP status, or null when there was no answer. */
  readonly status: number | null;
  readonly error: string | null;
  /** What the endpoint asked for by `Retry-After`. */
  readonly retryAfterMs: number | null;
}

/** Sends one signed message, guarded as every call out of the vault is (E1 to E4); redirects are failures. Never throws. */
export async function sendMessage(
  deps: Pick<VaultDeps, 'egress' | 'clock'>,
  target: { url: string; secrets: readonly SecretValue[]; allowedNetworks: readonly string[] },
  message: { id: string; body: string },
  signal: AbortSignal,
): Promise<AttemptOutcome> {
  const nowMs = deps.clock();
  try {
    const answer = await deps.egress.fetch(target.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'alter-vault-webhooks/1',
        ...signMessage(target.secrets, { ...message, nowMs }),
      },
      body: message.body,
      allowedNetworks: target.allowedNetworks,
      timeoutMs: attemptTimeoutMs,
      maxResponseBytes: answerBytesMax,
      signal,
    });
    return judgeAnswer(answer.status, readRetryAfter(answer.headers.get('retry-after'), nowMs));
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    const result = error.code === 'aborted' ? 'aborted' : 'failed';
    return { result, status: null, error: error.code, retryAfterMs: null };
  }
}

function judgeAnswer(status: number, retryAfterMs: number | null): AttemptOutcome {
  if (status >= 200 && status < 300) return { result: 'delivered', status, error: null, retryAfterMs: null };
  if (status === 410) return { result: 'gone', status, error: 'gone', retryAfterMs: null };
  const error = status >= 300 && status < 400 ? 'redirect_not_followed' : `http_${status}`;
  return { result: 'failed', status, error, retryAfterMs };
}

function readRetryAfter(text: string | null, nowMs: number): number | null {
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}
