import type { Dispatcher } from 'undici';
import { EgressError, type EgressErrorCode } from '../egress-error.js';
import { classifyFailure } from './classify-failure.js';

type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;
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

/**
 * Sends one request and collects the response within limits. Knows whether the request can have reached the other
 * side: undici calls `onRequestStart` right before the first byte is written, and an abort inside it prevents that.
 */
export function sendRequest(dispatcher: Dispatcher, request: RawRequest): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    let isStarted = false;
    let isDone = false;
    let controller: Dispatcher.DispatchController | undefined;
    let status = 0;
    let headers: ResponseHeaders = {};
    let size = 0;
    const chunks: Uint8Array[] = [];

    const settle = (): boolean => {
      if (isDone) return false;
      isDone = true;
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', onAbort);
      return true;
    };
    const fail = (code: EgressErrorCode, reason: string): void => {
      if (!settle()) return;
      const error = new EgressError(code, reason, { requestWritten: isStarted, host: request.host });
      reject(error);
      controller?.abort(error);
    };
    const onAbort = () => fail('aborted', 'the caller ended the call');
    const timer = setTimeout(
      () =>
        isStarted
          ? fail('timeout', 'no complete answer in time')
          : fail('connect_timeout', 'no connection in time'),
      request.timeoutMs,
    );
    if (request.signal?.aborted) return onAbort();
    request.signal?.addEventListener('abort', onAbort, { once: true });

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(current) {
        // Given up while it waited, or handed over a second time by the client: nothing (more) is written.
        if (isDone || isStarted) {
          current.abort(new Error('given up'));
          if (!isDone) fail('connection_lost', 'the connection ended before the response was complete');
          return;
        }
        isStarted = true;
        controller = current;
      },
      onResponseStart(_controller, statusCode, responseHeaders) {
        if (statusCode < 200) return;
        status = statusCode;
        headers = responseHeaders;
        const declared = Number(responseHeaders['content-length']);
        if (request.method !== 'HEAD' && declared > request.responseBytesMax) {
          fail('response_too_large', 'the response exceeds the limit');
        }
      },
      onResponseData(_controller, chunk) {
        size += chunk.byteLength;
        if (size > request.responseBytesMax)
          return fail('response_too_large', 'the response exceeds the limit');
        chunks.push(chunk);
      },
      onResponseEnd() {
        if (settle()) resolve({ status, headers, body: Buffer.concat(chunks) });
      },
      onResponseError(_controller, error) {
        const { code, reason } = classifyFailure(error, isStarted);
        fail(code, reason);
      },
    };
    try {
      dispatcher.dispatch(
        {
          path: request.path,
          method: request.method,
          headers: request.headers,
          body: request.body ?? null,
          // One clock only: the timer above.
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
