import type { Duplex } from 'node:stream';
import type { ErrorCode } from '@alter-ai/core-contract';
import { uuidv7 } from 'uuidv7';
import { ApiError, buildErrorBody } from '../api-error.js';

/** What Node's parser says of bytes that are no request, and what the other side is told. */
const verdicts: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The header fields are too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['413 Payload Too Large', 'The chunk extensions are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not arrive in time.'],
};
const errorCodes: Readonly<Record<string, ErrorCode>> = {
  '408': 'request_timeout',
  '413': 'payload_too_large',
};
const malformed = ['400 Bad Request', 'The request is not well-formed HTTP.'] as const;

/**
 * Answers bytes that are no HTTP request in the usual envelope, and ends the connection: where the next request would begin is
 * unknown. Nothing of what was sent is repeated.
 */
export function answerMalformed(error: Error, socket: Duplex, publicUrl: string): void {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
    socket.destroy();
    return;
  }
  const [status, message] = verdicts[code] ?? malformed;
  const requestId = uuidv7();
  const refusal = new ApiError(errorCodes[status.slice(0, 3)] ?? 'invalid_request', { message });
  const body = JSON.stringify(buildErrorBody(refusal, publicUrl, requestId));
  const lines = [
    `HTTP/1.1 ${status}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    `X-Request-ID: ${requestId}`,
    '',
    body,
  ];
  socket.end(lines.join('\r\n'));
}

/** Whether an earlier request of the connection is being answered: bytes in between would read as a part of that answer. */
function isAnswering(socket: Duplex): boolean {
  const message: unknown = Reflect.get(socket, '_httpMessage');
  return typeof message === 'object' && message !== null && Reflect.get(message, '_headerSent') === true;
}
