import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ProxyStreamResponse } from '@alter-ai/core-contract';
import { EgressError } from '@alter-ai/egress';
import { ApiError } from '../../../http/api-error.js';
import type { RequestContext } from '../../../http/request-context.js';
import { describeFailure } from '../describe-failure.js';
import { createEchoFilter } from '../echo/echo-filter.js';
import { describeStatus, recordCallOutcome, recordEcho } from '../record-call-outcome.js';
import { createMeter } from './meter.js';
import type { OpenExchange } from './proxy-stream.js';

/** The provider sent the credential back in the middle of a body. */
class EchoFound extends Error {}

/**
 * Writes a provider's answer while it comes: first line, then the body, searched for the credential. What cannot be given whole is
 * cut off, so that nobody takes it for the whole. The end is put on record. Never rejects.
 */
export async function writeStream(
  context: RequestContext,
  exchange: OpenExchange,
  outgoing: ServerResponse,
): Promise<void> {
  const { call, stream, sent, startedAtMs, gone } = exchange;
  const received = createMeter();
  let failure: unknown;
  try {
    const { silenceMs } = context.deps.timeLimits;
    await writeBody(exchange, outgoing, { silenceMs, measure: received.add });
  } catch (error) {
    failure = error;
    outgoing.destroy();
    stream.body.destroy();
  }
  const isEcho = failure instanceof EchoFound;
  recordCallOutcome(context, call, {
    outcome: isEcho
      ? 'credential_echoed'
      : gone.aborted && failure !== undefined
        ? 'caller_gone'
        : failure === undefined
          ? describeStatus(stream.status)
          : 'broken_off',
    status: stream.status,
    latencyMs: performance.now() - startedAtMs,
    requestBytes: sent.bytes(),
    requestSha256: sent.bytes() === 0 ? undefined : sent.digest(),
    responseBytes: received.bytes(),
    responseSha256: received.digest(),
    errorCode: isEcho ? 'credential_echoed' : readCode(failure, exchange),
  });
  if (!isEcho) return;
  await recordEcho(context, call, { status: stream.status, place: 'body' }).catch(() => {
    context.deps.log.error({ requestId: context.requestId }, 'an echoed credential could not be recorded');
  });
}

async function writeBody(
  { call, stream, gone }: OpenExchange,
  outgoing: ServerResponse,
  { silenceMs, measure }: { silenceMs: number; measure: (chunk: Buffer) => void },
): Promise<void> {
  const filter = createEchoFilter(call.echoes);
  const over = new AbortController();
  const giveUp = () => over.abort(gone.reason);
  gone.addEventListener('abort', giveUp, { once: true });
  if (gone.aborted) giveUp();
  stream.body.once('error', (error) => over.abort(error));
  const write = async (bytes: Buffer | string): Promise<void> => {
    if (bytes.length === 0 || outgoing.write(bytes)) return;
    // A caller that takes nothing is waited for no longer than a silent provider, also where that one has said everything.
    const timer = setTimeout(() => {
      over.abort(new EgressError('timeout', 'the caller took nothing in time', { requestWritten: true }));
    }, silenceMs);
    try {
      await once(outgoing, 'drain', { signal: over.signal });
    } catch (error) {
      throw over.signal.aborted ? over.signal.reason : error;
    } finally {
      clearTimeout(timer);
    }
  };
  const head: ProxyStreamResponse = {
    status_code: stream.status,
    headers: stream.headers.map(([name, value]) => [name, value]),
  };
  await write(`${JSON.stringify(head)}\n`);
  for await (const chunk of stream.body as AsyncIterable<Buffer>) {
    measure(chunk);
    const passed = filter.push(chunk);
    if (passed === undefined) throw new EchoFound();
    await write(passed);
  }
  await write(filter.flush());
  outgoing.end();
}

function readCode(failure: unknown, { call }: OpenExchange): string | undefined {
  if (failure === undefined) return undefined;
  const described = describeFailure(failure, call.prepared);
  return described instanceof ApiError ? described.code : 'provider_call_failed';
}
