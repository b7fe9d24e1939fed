import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { encodingsMax, readContentEncodings } from './content-encodings.js';

const decoders = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

type DecodedBody =
  | { ok: true; body: Uint8Array }
  | { ok: false; code: 'response_too_large' | 'invalid_response'; reason: string };

/** Undoes `Content-Encoding`, never producing more than `bytesMax` (E4: decompression bombs). */
export async function decodeBody(
  body: Uint8Array,
  contentEncoding: string | undefined,
  bytesMax: number,
): Promise<DecodedBody> {
  const encodings = readContentEncodings(contentEncoding ?? '');
  if (body.byteLength === 0 || encodings.length === 0) return { ok: true, body };
  if (encodings.length > encodingsMax)
    return { ok: false, code: 'invalid_response', reason: 'too many content encodings' };
  let decoded = body;
  for (const name of encodings.reverse()) {
    const decode = Object.hasOwn(decoders, name) ? decoders[name as keyof typeof decoders] : undefined;
    if (decode === undefined)
      return { ok: false, code: 'invalid_response', reason: 'unknown content encoding' };
    try {
      decoded = await decode(decoded, { maxOutputLength: bytesMax });
    } catch (error) {
      const isTooLarge = error instanceof RangeError;
      return isTooLarge
        ? { ok: false, code: 'response_too_large', reason: 'the decoded response exceeds the limit' }
        : { ok: false, code: 'invalid_response', reason: 'the content encoding is broken' };
    }
  }
  return { ok: true, body: decoded };
}
