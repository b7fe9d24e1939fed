import type { IncomingMessage } from 'node:http';
import { ApiError } from '../api-error.js';
import type { RequestHead } from '../intake/request-head.js';

/** Largest body where a route says nothing else. */
export const bodyBytesMaxDefault = 1024 * 1024;
/** How much of a refused body is read on, so that its sender gets to see the answer. */
const drainBytesMax = 64 * 1024 * 1024;

const empty = Buffer.alloc(0);

/**
 * The exact bytes of the body.
 * @throws ApiError `payload_too_large` beyond `bytesMax`; `invalid_request` when the sender went away in the middle.
 */
export async function readBody(head: RequestHead, bytesMax: number): Promise<Buffer> {
  const { incoming } = head;
  if (incoming && !incoming.readableDidRead) return readIncoming(incoming, bytesMax);
  const { method } = head;
  if (method === 'GET' || method === 'HEAD') return empty;
  const bytes = await head.readBody();
  if (bytes.length > bytesMax) throw tooLarge(bytesMax);
  return bytes;
}

function readIncoming(incoming: IncomingMessage, bytesMax: number): Promise<Buffer> {
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
    const finish = () => {
      incoming.off('data', onData);
      incoming.off('end', finish);
      incoming.off('error', fail);
      incoming.off('close', fail);
      if (bytes > bytesMax) reject(tooLarge(bytesMax));
      else resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
    };
    const fail = () => {
      if (incoming.readableEnded) finish();
      else
        reject(
          new ApiError('invalid_request', { message: 'The request ended before its body was complete.' }),
        );
    };
    incoming.on('data', onData);
    incoming.on('end', finish);
    incoming.on('error', fail);
    incoming.on('close', fail);
  });
}

function tooLarge(bytesMax: number): ApiError {
  return new ApiError('payload_too_large', {
    message: `The request body is larger than ${bytesMax} bytes.`,
    fields: { limit_bytes: bytesMax },
  });
}
