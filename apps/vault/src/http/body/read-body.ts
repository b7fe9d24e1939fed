import type { IncomingMessage } from 'node:http';
import { ApiError } from '../api-error.js';
import type { RequestHead } from '../intake/request-head.js';
import { type BodyLimits, describeLate, describeTooLarge } from './body-limits.js';

/** Largest body where a route says nothing else: of callers with a key, and of everybody else, who may send many at once. */
export const bodyBytesMaxDefault = { signed: 1024 * 1024, unsigned: 128 * 1024 } as const;
/** How much of a refused body is read on, so that its sender gets to see the answer. */
const drainBytesMax = 64 * 1024 * 1024;

const empty = Buffer.alloc(0);

/**
 * The exact bytes of the body.
 * @throws ApiError `payload_too_large` beyond `bytesMax`; `request_timeout` after `timeMaxMs`; `invalid_request` when the sender went away in the middle.
 */
export async function readBody(head: RequestHead, { bytesMax, timeMaxMs }: BodyLimits): Promise<Buffer> {
  const { incoming } = head;
  if (incoming && !incoming.readableDidRead) return readIncoming(incoming, { bytesMax, timeMaxMs });
  const { method } = head;
  if (method === 'GET' || method === 'HEAD') return empty;
  const bytes = await head.readBody();
  if (bytes.length > bytesMax) throw describeTooLarge(bytesMax);
  return bytes;
}

function readIncoming(incoming: IncomingMessage, { bytesMax, timeMaxMs }: BodyLimits): Promise<Buffer> {
  const declared = incoming.headers['content-length'];
  if (declared === undefined && incoming.headers['transfer-encoding'] === undefined)
    return Promise.resolve(empty);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
      else if (bytes > drainBytesMax) finish();
      else chunks.length = 0;
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
