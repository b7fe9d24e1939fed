import { pipeline, type Readable, Transform } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { EgressError } from '../../egress-error.js';
import { connectionHeaders } from '../request-headers.js';
import type { RawStream } from '../stream-request.js';
import { encodingsMax, isBodiless, readContentEncodings } from './content-encodings.js';

// An end that comes early is an end, as in browsers: whether the body came whole is told by HTTP, and a body of no bytes has no end.
const lenient = { finishFlush: constants.Z_SYNC_FLUSH };
const decoders = {
  gzip: () => createGunzip(lenient),
  'x-gzip': () => createGunzip(lenient),
  deflate: () => createInflate(lenient),
  br: () => createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH }),
} as const;
/** From here on a body may be at most so many times as long as what came over the wire (E4: decompression bombs). */
const plainBytesMax = 16 * 1024 * 1024;
const growthMax = 200;
const isOfConnection: ReadonlySet<string> = new Set(connectionHeaders);

/** Undoes `Content-Encoding` while the body is read. @throws EgressError `invalid_response` for an encoding nobody asked for */
export function decodeStream(raw: RawStream, call: { method: string; host: string }): RawStream {
  const { host } = call;
  const own = raw.headers.filter(([name]) => !isOfConnection.has(name));
  // What it says of a body is of the one that a GET would have.
  if (isBodiless(call.method, raw.status)) return { ...raw, headers: own };
  const encodings = own
    .filter(([name]) => name === 'content-encoding')
    .flatMap(([, value]) => readContentEncodings(value));
  const isPlain = encodings.length === 0;
  const headers = own.filter(
    ([name]) => name !== 'content-encoding' && (isPlain || name !== 'content-length'),
  );
  if (isPlain) return { ...raw, headers };
  const fail = (reason: string): EgressError =>
    new EgressError('invalid_response', reason, { requestWritten: true, host });
  const stages = encodings.reverse().map((name) => {
    return Object.hasOwn(decoders, name) ? decoders[name as keyof typeof decoders] : undefined;
  });
  if (stages.length > encodingsMax || stages.includes(undefined)) {
    const error = fail('unknown content encoding');
    raw.body.destroy(error);
    throw error;
  }
  let encodedBytes = 0;
  const counted = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      encodedBytes += chunk.byteLength;
      done(null, chunk);
    },
  });
  let plainBytes = 0;
  const limited = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      plainBytes += chunk.byteLength;
      if (plainBytes <= plainBytesMax || plainBytes <= encodedBytes * growthMax) return done(null, chunk);
      const reason = 'the decoded response exceeds the limit';
      done(new EgressError('response_too_large', reason, { requestWritten: true, host }));
    },
    destroy(error, done) {
      // The library's own errors may quote what they read.
      const isOwn = error === null || error instanceof EgressError;
      done(isOwn ? error : fail('the content encoding is broken'));
    },
  });
  const chain = [raw.body, counted, ...stages.flatMap((open) => (open ? [open()] : [])), limited];
  // As with the plain body: whoever reads it learns of a failure then.
  limited.on('error', () => {});
  pipeline(chain as [Readable, ...Transform[]], () => {});
  return { status: raw.status, headers, body: limited };
}
