import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { openExchange, type ResponseHeaders } from './exchange.js';

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
  startTimeoutMs: number | undefined;
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
    let body: Readable | undefined;
    const exchange = openExchange(request, (error) => {
      if (body) body.destroy(error);
      else reject(error);
    });
    const { path, method, contentLength } = request;
    const headers =
      contentLength === undefined
        ? request.headers
        : { ...request.headers, 'content-length': String(contentLength) };
    exchange.dispatch(
      dispatcher,
      { path, method, headers, body: toRequestBody(request.body, exchange.noteMove) },
      {
        onHead(current, status, responseHeaders) {
          body = new Readable({
            highWaterMark: waitingBytesMax,
            read() {
              exchange.noteMove();
              current.resume();
            },
            destroy(error, done) {
              // Whoever destroys it early wants no more of the response.
              if (exchange.finish()) current.abort(error ?? new Error('given up'));
              done(error);
            },
          });
          // Its reader may not listen yet when it fails; reading it afterwards still says so.
          body.on('error', () => {});
          resolve({ status, headers: listHeaders(responseHeaders), body });
        },
        onData(current, chunk) {
          if (body?.push(chunk) === false) current.pause();
        },
        onEnd: () => body?.push(null),
      },
    );
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

function listHeaders(headers: ResponseHeaders): HeaderPairs {
  return Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? '']).map((each) => [name.toLowerCase(), each] as const),
  );
}
