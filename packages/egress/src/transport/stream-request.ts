import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { EgressError, type EgressErrorCode } from '../egress-error.js';
import { classifyFailure } from './classify-failure.js';

/** A request body: bytes, or a source of them. */
export type StreamedBody = Uint8Array | AsyncIterable<Uint8Array>;

/** Header fields in order of arrival; a name may be there several times. */
type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** The head of a response, and its body to be read. */
export type RawStream = { status: number; headers: HeaderPairs; body: Readable };

type StreamRequest = {
  /** Shown in errors. */
  host: string;
  path: string;
  method: string;
  headers: Record<string, string>;
  body: StreamedBody | undefined;
  contentLength: number | undefined;
  timeoutMs: number | undefined;
  silenceTimeoutMs: number | undefined;
  signal: AbortSignal | undefined;
};

/** How much of a response waits in memory for a reader that is slow. */
const waitingBytesMax = 256 * 1024;

/**
 * Sends one request and hands over the response while it arrives. The connection is read only as fast as the body is, and the
 * source of a request body only as fast as the connection takes it.
 */
export function streamRequest(dispatcher: Dispatcher, request: StreamRequest): Promise<RawStream> {
  return new Promise((resolve, reject) => {
    let isStarted = false;
    let isOver = false;
    let controller: Dispatcher.DispatchController | undefined;
    let body: Readable | undefined;
    let movedAtMs = performance.now();
    let silence: NodeJS.Timeout | undefined;

    const finish = (): boolean => {
      if (isOver) return false;
      isOver = true;
      clearTimeout(timer);
      clearTimeout(silence);
      request.signal?.removeEventListener('abort', onAbort);
      return true;
    };
    const fail = (code: EgressErrorCode, reason: string): void => {
      if (!finish()) return;
      const error = new EgressError(code, reason, { requestWritten: isStarted, host: request.host });
      if (body) body.destroy(error);
      else reject(error);
      controller?.abort(error);
    };
    const onAbort = () => fail('aborted', 'the caller ended the call');
    const failLate = () =>
      isStarted
        ? fail('timeout', 'no complete answer in time')
        : fail('connect_timeout', 'no connection in time');
    const timer = request.timeoutMs === undefined ? undefined : setTimeout(failLate, request.timeoutMs);
    // Looked at now and then: a timer for each chunk would cost more than the chunk.
    const watchSilence = (limitMs: number): void => {
      const quietMs = performance.now() - movedAtMs;
      if (quietMs >= limitMs) failLate();
      else silence = setTimeout(() => watchSilence(limitMs), limitMs - quietMs + 1);
    };
    const noteMove = () => {
      movedAtMs = performance.now();
    };
    if (request.signal?.aborted) return onAbort();
    request.signal?.addEventListener('abort', onAbort, { once: true });
    if (request.silenceTimeoutMs !== undefined) watchSilence(request.silenceTimeoutMs);

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(current) {
        // Given up while it waited, or handed over a second time by the client: nothing (more) is written.
        if (isOver || isStarted) {
          current.abort(new Error('given up'));
          if (!isOver) fail('connection_lost', 'the connection ended before the response was complete');
          return;
        }
        isStarted = true;
        controller = current;
        noteMove();
      },
      onResponseStart(current, status, headers) {
        if (status < 200 || isOver) return;
        noteMove();
        body = new Readable({
          highWaterMark: waitingBytesMax,
          read() {
            noteMove();
            current.resume();
          },
          destroy(error, done) {
            // Whoever destroys it early wants no more of the response.
            if (finish()) current.abort(error ?? new Error('given up'));
            done(error);
          },
        });
        // Its reader may not listen yet when it fails; reading it afterwards still says so.
        body.on('error', () => {});
        resolve({ status, headers: listHeaders(headers), body });
      },
      onResponseData(current, chunk) {
        noteMove();
        if (body?.push(chunk) === false) current.pause();
      },
      onResponseEnd() {
        if (finish()) body?.push(null);
      },
      onResponseError(_controller, error) {
        const { code, reason } = classifyFailure(error, isStarted);
        fail(code, reason);
      },
    };
    const { contentLength } = request;
    try {
      dispatcher.dispatch(
        {
          path: request.path,
          method: request.method,
          headers:
            contentLength === undefined
              ? request.headers
              : { ...request.headers, 'content-length': String(contentLength) },
          body: toRequestBody(request.body, noteMove),
          // One clock only: the timers above.
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        handler,
      );
    } catch (error) {
      const { code, reason } = classifyFailure(error, isStarted);
      fail(code, reason);
    }
  });
}

function toRequestBody(body: StreamedBody | undefined, noteMove: () => void): Uint8Array | Readable | null {
  if (body === undefined) return null;
  return body instanceof Uint8Array ? body : Readable.from(noteEach(body, noteMove), { objectMode: false });
}

async function* noteEach(source: AsyncIterable<Uint8Array>, noteMove: () => void) {
  for await (const chunk of source) {
    noteMove();
    yield chunk;
  }
}

function listHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): HeaderPairs {
  return Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? '']).map((each) => [name.toLowerCase(), each] as const),
  );
}
