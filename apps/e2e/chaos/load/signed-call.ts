import { createHash } from 'node:crypto';
import { createCallSigner } from '../../harness/call-signer.js';

/** What came back, or what came in the way. */
export interface CallResult {
  /** 0 where there was no answer. */
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly requestId: string | undefined;
  readonly hasRetryAfter: boolean;
  /** What ended the connection, where there was no answer. */
  readonly failure: string | undefined;
}

/** Calls the vault as an SDK does: signed, without sending the key. Never throws. */
export type SignedCall = (
  vaultUrl: string,
  path: string,
  body: unknown,
  timeoutMs?: number,
) => Promise<CallResult>;

/** Prepares calls with one API key. */
export function createSignedCall(apiKey: string): SignedCall {
  const sign = createCallSigner(apiKey);
  return async (vaultUrl, path, body, timeoutMs = 40_000) => {
    const text = JSON.stringify(body);
    try {
      const answer = await fetch(`${vaultUrl}${path}`, {
        method: 'POST',
        headers: sign(path, text),
        body: text,
        signal: AbortSignal.timeout(timeoutMs),
      });
      return {
        status: answer.status,
        body: (await answer.json()) as Record<string, unknown>,
        requestId: answer.headers.get('x-request-id') ?? undefined,
        hasRetryAfter: answer.headers.has('retry-after'),
        failure: undefined,
      };
    } catch (error) {
      return { status: 0, body: {}, requestId: undefined, hasRetryAfter: false, failure: nameFailure(error) };
    }
  };
}

/** SHA-256 of a token: the only form in which the tester keeps one, and the form of the emulator's log. */
export function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function nameFailure(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'TimeoutError') return 'timeout';
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return error.name;
}
