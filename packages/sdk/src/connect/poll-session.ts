import { type ConnectPollResponse, sdkEndpoints } from '@alter-ai/core-contract';
import { type AlterSDKError, AlterValueError } from '../errors/alter-sdk-error.js';
import { BackendError } from '../errors/backend-error.js';
import { ConnectFlowError, ConnectTimeoutError } from '../errors/connect-errors.js';
import { NetworkError } from '../errors/network-errors.js';
import { RateLimitError } from '../errors/refusal-errors.js';
import { readDurationMs } from '../options/duration.js';
import { type EitherSpelling, type OptionNames, readOptions } from '../options/option-names.js';
import { callEndpoint } from '../vault/call-endpoint.js';
import { requireOpen, type VaultClient } from '../vault/vault-client.js';
import { type ConnectResult, readConnectResult } from './connect-result.js';
import { buildSessionError } from './session-error.js';

/** What happens while a session is open. */
export interface ConnectEvent {
  readonly type: 'provider_declined';
  readonly providerId: string;
  readonly errorCode: string;
  readonly declinedAt: string | undefined;
}

/** Options of `App.pollConnectSession`. */
export interface PollOptions {
  /** Seconds until giving up; 300 by default. */
  readonly timeout?: number | undefined;
  readonly timeoutMs?: number | undefined;
  /** Seconds between two questions; 2 by default. */
  readonly pollInterval?: number | undefined;
  readonly pollIntervalMs?: number | undefined;
  /** Told once of each provider that the user turned down. What it throws is ignored. */
  readonly onEvent?: ((event: ConnectEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Names of the poll's options. */
export const pollOptionNames: OptionNames<PollOptions> = {
  timeout: true,
  timeoutMs: true,
  pollInterval: true,
  pollIntervalMs: true,
  onEvent: true,
  signal: true,
};

const timeoutMsDefault = 300_000;
const pollIntervalMsDefault = 2_000;
// A vault that restarts must not cost the user the connection; one that is gone must not cost five minutes.
const failuresMax = 10;

/** The durations of a poll, checked before any traffic. */
export function readPollLimits(options: PollOptions): { timeoutMs: number; pollIntervalMs: number } {
  return {
    timeoutMs: readDurationMs('timeout', options.timeout, options.timeoutMs, timeoutMsDefault),
    pollIntervalMs: readDurationMs(
      'pollInterval',
      options.pollInterval,
      options.pollIntervalMs,
      pollIntervalMsDefault,
    ),
  };
}

/** `App.pollConnectSession`: asks until the session has ended (wire/2 §2). */
export async function pollConnectSession(
  client: VaultClient,
  sessionToken: string,
  given: EitherSpelling<PollOptions> | undefined,
): Promise<readonly ConnectResult[]> {
  requireOpen(client);
  const options = readOptions<PollOptions>(given, pollOptionNames);
  const { timeoutMs, pollIntervalMs } = readPollLimits(options);
  if (typeof sessionToken !== 'string' || sessionToken.trim() === '') {
    throw new AlterValueError('sessionToken must be a non-empty string');
  }
  const { runtime } = client;
  const endsAtMs = runtime.monotonicMs() + timeoutMs;
  const declined = new Set<string>();
  let hasBeenPending = false;
  let failures = 0;
  for (;;) {
    let waitMs = pollIntervalMs;
    let failure: AlterSDKError | undefined;
    try {
      const answer = await askOnce(client, sessionToken, options.signal);
      failures = 0;
      announceDeclined(answer, declined, options.onEvent);
      if (answer.status !== 'pending') return finish(answer, hasBeenPending);
      hasBeenPending = true;
    } catch (error) {
      if (!isTransient(error)) throw error;
      failures += 1;
      if (failures >= failuresMax) throw error;
      failure = error;
      if (error instanceof RateLimitError) waitMs = Math.max(waitMs, (error.retryAfterSeconds ?? 0) * 1000);
    }
    const leftMs = endsAtMs - runtime.monotonicMs();
    if (leftMs <= 0) throw buildTimeoutError(timeoutMs, declined, failure);
    await runtime.sleep(Math.min(waitMs, leftMs), options.signal);
  }
}

function askOnce(
  client: VaultClient,
  sessionToken: string,
  signal: AbortSignal | undefined,
): Promise<ConnectPollResponse> {
  requireOpen(client);
  return callEndpoint(client, sdkEndpoints.pollConnectSession, {
    body: { session_token: sessionToken },
    canRetry: false,
    signal,
  });
}

function isTransient(error: unknown): error is AlterSDKError {
  if (error instanceof NetworkError || error instanceof RateLimitError) return true;
  return error instanceof BackendError && (error.statusCode ?? 0) >= 500;
}

function finish(
  answer: Exclude<ConnectPollResponse, { status: 'pending' }>,
  hasBeenPending: boolean,
): readonly ConnectResult[] {
  if (answer.status === 'completed') return answer.grants.map(readConnectResult);
  if (answer.status === 'error') throw buildSessionError(answer.error);
  if (answer.status === 'expired' && hasBeenPending) {
    throw new ConnectTimeoutError('the connect session ran out before it was finished', {
      details: { reason: 'session_expired' },
    });
  }
  // On the first question, "expired" also stands for a token that the vault does not know.
  const code = answer.status === 'expired' ? 'session_expired' : 'connect_flow_error';
  throw new ConnectFlowError('the connect session is expired or unknown', {
    code,
    details: { status: answer.status },
  });
}

function buildTimeoutError(
  timeoutMs: number,
  declined: ReadonlySet<string>,
  failure: AlterSDKError | undefined,
): AlterSDKError {
  if (failure !== undefined && !(failure instanceof RateLimitError)) return failure;
  return new ConnectTimeoutError('nobody finished the connect session in time', {
    details: {
      timeout: timeoutMs / 1000,
      reason: failure === undefined ? 'poll_deadline_elapsed' : 'rate_limited',
      ...(failure instanceof RateLimitError && { retry_after: failure.retryAfterSeconds }),
      ...(declined.size > 0 && { declined_providers: [...declined].sort() }),
    },
  });
}

function announceDeclined(
  answer: ConnectPollResponse,
  declined: Set<string>,
  onEvent: PollOptions['onEvent'],
): void {
  if (answer.status !== 'pending' && answer.status !== 'completed') return;
  for (const each of answer.declined_providers ?? []) {
    if (declined.has(each.provider_id)) continue;
    declined.add(each.provider_id);
    try {
      onEvent?.({
        type: 'provider_declined',
        providerId: each.provider_id,
        errorCode: each.error_code,
        declinedAt: each.declined_at,
      });
    } catch {
      // The listener's trouble must not end the session.
    }
  }
}
