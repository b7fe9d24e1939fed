import type { IncomingMessage } from 'node:http';
import { ApiError } from '../api-error.js';
import type { RequestHead } from '../intake/request-head.js';
import { type BodyLimits, describeBusy, describeLate, describeTooLarge } from './body-limits.js';

/** Largest body where a route says nothing else: of callers with a key, and of everybody else, who may send many at once. */
export const bodyBytesMaxDefault = { signed: 1024 * 1024, unsigned: 128 * 1024 } as const;
/** How much of a refused body is read on, so that its sender gets to see the answer. */
const drainBytesMax = 64 * 1024 * 1024;

const empty = Buffer.alloc(0);

/**
 * The exact bytes of the body.
 * @throws ApiError `payload_too_large` beyond `bytesMax`; `request_timeout` after `timeMaxMs`; `invalid_request` when the sender went away in the
 * middle; `service_unavailable` when the bodies of all requests are too much.
 */
export async function readBody(head: RequestHead, limits: BodyLimits): Promise<Buffer> {
  const { incoming } = head;
  if (incoming && !incoming.readableDidRead) return readIncoming(incoming, limits);
  const { method } = head;
  if (method === 'GET' || method === 'HEAD') return empty;
  const bytes = await head.readBody();
  if (bytes.length > limits.bytesMax) throw describeTooLarge(limits.bytesMax);
  if (!limits.share.take(bytes.length)) throw describeBusy();
  return bytes;
}

function readIncoming(
  incoming: IncomingMessage,
  { bytesMax, timeMaxMs, share }: BodyLimits,
): Promise<Buffer> {
  const declared = incoming.headers['content-length'];
  if (declared === undefined && incoming.headers['transfer-encoding'] === undefined)
    return Promise.resolve(empty);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) keep(chunk);
      else if (bytes > drainBytesMax) finish();
      else chunks.length = 0;
    };
    const keep = (chunk: Buffer) => {
      if (share.take(chunk.length)) {
        chunks.push(chunk);
        return;
      }
      stop();
      reject(describeBusy());
    };
    const stop = () => {
      clearTimeout(timer);
      incoming.off('data', onData);
      incoming.off('end', finish);
      incoming.off('error', fail);
      incoming.off('close', fail);
    };
    const finish = () => {
      stop();
      if (bytes > bytesMax) reject(describeTooLarge(bytesMax));
      else resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
    };
    const fail = () => {
      if (incoming.readableEnded) return finish();
      stop();
      reject(new ApiError('invalid_request', { message: 'The request ended before its body was complete.' }));
    };
    // Node's own limit holds for whole requests, and a streamed one may take as long as it moves.
    const timer = setTimeout(() => {
      stop();
      reject(describeLate());
    }, timeMaxMs);
    incoming.on('data', onData);
    incoming.on('end', finish);
    incoming.on('error', fail);
    incoming.on('close', fail);
  });
}
