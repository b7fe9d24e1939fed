import { ApiError } from '../api-error.js';
import type { RequestHead } from '../intake/request-head.js';
import { type BodyLimits, describeBusy, describeLate, describeTooLarge } from './body-limits.js';

const lineFeed = 0x0a;

/**
 * The body up to its first line feed, which is not part of it; what follows stays in the request to be read on.
 * @throws ApiError `payload_too_large` beyond `bytesMax`; `request_timeout` after `timeMaxMs`; `invalid_request` where there is no line feed;
 * `service_unavailable` when the bodies of all requests are too much
 */
export function readFirstLine(
  { incoming }: RequestHead,
  { bytesMax, timeMaxMs, share }: BodyLimits,
): Promise<Buffer> {
  if (!incoming) throw new ApiError('invalid_request', { message: 'This endpoint needs a connection.' });
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = () => {
      clearTimeout(timer);
      incoming.off('readable', readOn);
      incoming.off('end', failShort);
      incoming.off('error', failShort);
      incoming.off('close', failShort);
    };
    const fail = (error: ApiError) => {
      stop();
      reject(error);
    };
    const failShort = () =>
      fail(new ApiError('invalid_request', { message: 'The body has no line feed after its first line.' }));
    const readOn = () => {
      for (
        let chunk = incoming.read() as Buffer | null;
        chunk !== null;
        chunk = incoming.read() as Buffer | null
      ) {
        const end = chunk.indexOf(lineFeed);
        const part = end === -1 ? chunk : chunk.subarray(0, end);
        size += part.length;
        if (size > bytesMax) return fail(describeTooLarge(bytesMax));
        if (!share.take(part.length)) return fail(describeBusy());
        chunks.push(part);
        if (end === -1) continue;
        stop();
        if (end + 1 < chunk.length) incoming.unshift(chunk.subarray(end + 1));
        return resolve(Buffer.concat(chunks));
      }
    };
    const timer = setTimeout(() => fail(describeLate()), timeMaxMs);
    incoming.on('readable', readOn);
    incoming.on('end', failShort);
    incoming.on('error', failShort);
    incoming.on('close', failShort);
  });
}
