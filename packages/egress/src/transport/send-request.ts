import type { Dispatcher } from 'undici';
import { openExchange, type ResponseHeaders } from './exchange.js';

type RawResponse = { status: number; headers: ResponseHeaders; body: Uint8Array };
type RawRequest = {
  /** Shown in errors. */
  host: string;
  path: string;
  method: string;
  headers: Record<string, string>;
  body: string | Uint8Array | undefined;
  timeoutMs: number;
  responseBytesMax: number;
  signal: AbortSignal | undefined;
};

/** Sends one request and collects the response within limits. */
export function sendRequest(dispatcher: Dispatcher, request: RawRequest): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    let status = 0;
    let headers: ResponseHeaders = {};
    let size = 0;
    const chunks: Uint8Array[] = [];
    const exchange = openExchange(request, reject);
    const failLarge = () => exchange.fail('response_too_large', 'the response exceeds the limit');
    const { path, method } = request;
    exchange.dispatch(
      dispatcher,
      { path, method, headers: request.headers, body: request.body ?? null },
      {
        onHead(_controller, statusCode, responseHeaders) {
          status = statusCode;
          headers = responseHeaders;
          const declared = Number(responseHeaders['content-length']);
          if (method !== 'HEAD' && declared > request.responseBytesMax) failLarge();
        },
        onData(_controller, chunk) {
          size += chunk.byteLength;
          if (size > request.responseBytesMax) failLarge();
          else chunks.push(chunk);
        },
        onEnd: () => resolve({ status, headers, body: Buffer.concat(chunks) }),
      },
    );
  });
}
