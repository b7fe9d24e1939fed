import type { ProxyRequest, ProxyResponse } from '@alter-ai/core-contract';
import { sha256Hex } from '@alter-ai/core-crypto';
import { EgressError, type EgressStream } from '@alter-ai/egress';
import { ApiError } from '../../http/api-error.js';
import type { RequestContext } from '../../http/request-context.js';
import { beginCall, type RenderedCall } from './begin-call.js';
import { describeCredentialHint } from './credential-hint.js';
import { describeFailure } from './describe-failure.js';
import { cutBeginning, hasEcho, hasHeaderEcho } from './echo/echo-filter.js';
import { describeStatus, recordCallOutcome, recordEcho } from './record-call-outcome.js';
import { readContent, urlCharactersMax } from './render-call.js';
import { learnFromAnswer, readChallenge, renewCall } from './renew-call.js';

/** What is given back of a body; the rest is not read. */
const responseBytesMax = 10 * 1024 * 1024;

/** A provider's answer, read and free of the credential. */
interface ProviderAnswer {
  readonly status: number;
  readonly headers: EgressStream['headers'];
  readonly body: Buffer;
  readonly isTruncated: boolean;
  readonly durationMs: number;
}

interface Limits {
  readonly endsAtMs: number;
  readonly signal: AbortSignal;
}

/**
 * `POST /sdk/proxy`: the vault makes the call, the credential stays. Checks and record are those of `/sdk/token`; a provider's 401
 * is answered once with a refresh and the whole call again. A provider's error is an answer like any other.
 * @throws ApiError with every code that the endpoint lists, AuditUnavailableError
 */
export async function proxyCall(context: RequestContext, body: ProxyRequest): Promise<ProxyResponse> {
  const gone = new AbortController();
  const stopListening = context.onGone(() => gone.abort());
  const limits = { endsAtMs: performance.now() + context.deps.timeLimits.callMs, signal: gone.signal };
  try {
    const call = await beginCall(context, body, readContent(body));
    const first = await exchange(context, call, limits);
    const renewed = await renewCall(context, call, readRefusal(first));
    return renewed === undefined
      ? toResponse(call, first)
      : toResponse(renewed, await exchange(context, renewed, limits));
  } finally {
    stopListening();
  }
}

async function exchange(
  context: RequestContext,
  call: RenderedCall,
  limits: Limits,
): Promise<ProviderAnswer> {
  const startedAtMs = performance.now();
  const { bytes } = call.content;
  const sent =
    bytes === undefined
      ? {}
      : { requestBytes: bytes.byteLength, requestSha256: sha256Hex(Buffer.from(bytes)) };
  const measureMs = () => performance.now() - startedAtMs;
  let answer: ProviderAnswer;
  try {
    answer = await callProvider(context, call, limits, startedAtMs);
  } catch (error) {
    const failure = describeFailure(error, call.prepared);
    const errorCode = failure instanceof ApiError ? failure.code : 'internal_error';
    const outcome = { outcome: limits.signal.aborted ? 'caller_gone' : 'no_answer', status: 0, errorCode };
    recordCallOutcome(context, call, { ...sent, ...outcome, latencyMs: measureMs() });
    throw failure;
  }
  const place = findEcho(answer, call);
  recordCallOutcome(context, call, {
    ...sent,
    outcome: place === undefined ? describeStatus(answer.status) : 'credential_echoed',
    status: answer.status,
    latencyMs: answer.durationMs,
    responseBytes: answer.body.length,
    responseSha256: sha256Hex(answer.body),
    errorCode: place && 'credential_echoed',
  });
  if (place !== undefined) {
    await recordEcho(context, call, { status: answer.status, place });
    const { grant_id, provider_id } = call.prepared.grant;
    throw new ApiError('credential_echoed', {
      fields: { grant_id, provider_id, status_code: answer.status, place },
    });
  }
  await learnFromAnswer(context, call, readRefusal(answer));
  return answer;
}

async function callProvider(
  { deps }: RequestContext,
  { request, prepared, echoes }: RenderedCall,
  limits: Limits,
  startedAtMs: number,
): Promise<ProviderAnswer> {
  const timeoutMs = limits.endsAtMs - startedAtMs;
  // A call that cannot be seen through is better not begun: it might have its effect.
  if (timeoutMs <= 0)
    throw new EgressError('timeout', 'no time is left for the call', { requestWritten: false });
  const { status, headers, body } = await deps.egress.stream(request.url.href, {
    method: request.method,
    headers: request.headers,
    ...(request.body === undefined ? {} : { body: request.body }),
    allowedHosts: prepared.allowedHosts,
    allowedNetworks: prepared.allowedNetworks,
    urlCharactersMax,
    timeoutMs,
    signal: limits.signal,
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    chunks.push(chunk);
    // Leaving the loop destroys the body, which ends the call.
    if (size > responseBytesMax) break;
  }
  const whole = Buffer.concat(chunks);
  const isTruncated = size > responseBytesMax;
  return {
    status,
    headers,
    body: isTruncated ? cutBeginning(whole.subarray(0, responseBytesMax), echoes) : whole,
    isTruncated,
    durationMs: performance.now() - startedAtMs,
  };
}

function findEcho(answer: ProviderAnswer, { echoes }: RenderedCall): 'header' | 'body' | undefined {
  if (hasHeaderEcho(answer.headers, echoes)) return 'header';
  return hasEcho(answer.body, echoes) ? 'body' : undefined;
}

function readRefusal({ status, headers }: ProviderAnswer) {
  return { status, challenge: readChallenge(headers) };
}

function toResponse(call: RenderedCall, answer: ProviderAnswer): ProxyResponse {
  const headers: Record<string, string> = {};
  for (const [name, value] of answer.headers) {
    const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  const { status, body } = answer;
  const hint = describeCredentialHint(call, { status, body, challenge: readChallenge(answer.headers) });
  return {
    status_code: status,
    headers,
    body_b64: body.toString('base64'),
    body_truncated: answer.isTruncated,
    duration_ms: Math.round(answer.durationMs),
    ...(hint === undefined ? {} : { credential_hint: hint }),
  };
}
