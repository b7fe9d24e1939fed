import type { ProxyStreamRequest } from '@alter-ai/core-contract';
import type { EgressStream } from '@alter-ai/egress';
import { ApiError } from '../../../http/api-error.js';
import type { RequestContext } from '../../../http/request-context.js';
import { StreamedAnswer } from '../../../http/respond.js';
import { beginCall, type RenderedCall } from '../begin-call.js';
import { describeFailure } from '../describe-failure.js';
import { hasHeaderEcho } from '../echo/echo-filter.js';
import { describeStatus, recordCallOutcome, recordEcho } from '../record-call-outcome.js';
import { urlCharactersMax } from '../render-call.js';
import { learnFromAnswer, readChallenge, renewCall } from '../renew-call.js';
import { createMeter, type Meter } from './meter.js';
import { writeStream } from './write-stream.js';

/** A provider's answer whose body is still to be read. */
export interface OpenExchange {
  readonly call: RenderedCall;
  readonly stream: EgressStream;
  readonly sent: Meter;
  readonly startedAtMs: number;
  /** Aborted when the caller's connection ends. */
  readonly gone: AbortSignal;
}

/**
 * `POST /sdk/proxy/stream`: like `/sdk/proxy`, with bodies that pass through as they come, only as fast as the slower side takes
 * them. A caller that goes away ends the call. A 401 is answered by a second call only where the first had no body.
 * @throws ApiError with every code that the endpoint lists, AuditUnavailableError
 */
export async function proxyStream(
  context: RequestContext,
  body: ProxyStreamRequest,
): Promise<StreamedAnswer> {
  const gone = new AbortController();
  const stopListening = context.onGone(() => gone.abort());
  try {
    const content = { bytes: undefined, type: undefined, isStreamed: body.has_body };
    const call = await beginCall(context, body, content);
    const first = await open(context, call, body, gone.signal);
    const exchange = (await repeat(context, first, body)) ?? first;
    return new StreamedAnswer((outgoing) => writeStream(context, exchange, outgoing).finally(stopListening));
  } catch (error) {
    stopListening();
    throw error;
  }
}

async function repeat(
  context: RequestContext,
  first: OpenExchange,
  body: ProxyStreamRequest,
): Promise<OpenExchange | undefined> {
  if (body.has_body) return undefined;
  const { status, headers } = first.stream;
  const refusal = { status, challenge: readChallenge(headers) };
  const renewed = await renewCall(context, first.call, refusal).catch((error: unknown) => {
    abandon(context, first);
    throw error;
  });
  if (renewed === undefined) return undefined;
  abandon(context, first);
  return open(context, renewed, body, first.gone);
}

/** Ends an answer whose body nobody gets, and puts it on record (A2). */
function abandon(
  context: RequestContext,
  { call, stream, startedAtMs }: Pick<OpenExchange, 'call' | 'stream' | 'startedAtMs'>,
): void {
  stream.body.destroy();
  recordCallOutcome(context, call, {
    outcome: describeStatus(stream.status),
    status: stream.status,
    latencyMs: performance.now() - startedAtMs,
  });
}

async function open(
  context: RequestContext,
  call: RenderedCall,
  body: ProxyStreamRequest,
  gone: AbortSignal,
): Promise<OpenExchange> {
  const { deps } = context;
  const { request, prepared } = call;
  const startedAtMs = performance.now();
  const sent = createMeter();
  let stream: EgressStream;
  try {
    stream = await deps.egress.stream(request.url.href, {
      method: request.method,
      headers: request.headers,
      ...(body.has_body
        ? { body: sent.measure(context.readRest()), contentLength: body.content_length ?? undefined }
        : {}),
      allowedHosts: prepared.allowedHosts,
      allowedNetworks: prepared.allowedNetworks,
      urlCharactersMax,
      silenceTimeoutMs: deps.timeLimits.silenceMs,
      signal: gone,
    });
  } catch (error) {
    const failure = describeFailure(error, prepared);
    recordCallOutcome(context, call, {
      outcome: gone.aborted ? 'caller_gone' : 'no_answer',
      status: 0,
      latencyMs: performance.now() - startedAtMs,
      requestBytes: sent.bytes(),
      errorCode: failure instanceof ApiError ? failure.code : 'internal_error',
    });
    throw failure;
  }
  const { status, headers } = stream;
  if (hasHeaderEcho(headers, call.echoes)) {
    stream.body.destroy();
    recordCallOutcome(context, call, {
      outcome: 'credential_echoed',
      status,
      latencyMs: performance.now() - startedAtMs,
      errorCode: 'credential_echoed',
    });
    await recordEcho(context, call, { status, place: 'header' });
    const { grant_id, provider_id } = prepared.grant;
    throw new ApiError('credential_echoed', {
      fields: { grant_id, provider_id, status_code: status, place: 'header' },
    });
  }
  const refusal = { status, challenge: readChallenge(headers) };
  await learnFromAnswer(context, call, refusal).catch((error: unknown) => {
    abandon(context, { call, stream, startedAtMs });
    throw error;
  });
  return { call, stream, sent, startedAtMs, gone };
}
