import { errors } from 'undici';
import type { EgressErrorCode } from '../egress-error.js';

const tlsCode =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|DEPTH_ZERO|UNABLE_TO_|SELF_SIGNED|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH|EPROTO$)/;

/** Maps what the HTTP client reports to egress's own codes; the report's text never leaves (it may hold a URL). */
export function classifyFailure(
  error: unknown,
  requestWritten: boolean,
): { code: EgressErrorCode; reason: string } {
  const code = readCode(error);
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || (code === 'ETIMEDOUT' && !requestWritten)) {
    return { code: 'connect_timeout', reason: 'no connection in time' };
  }
  if (!requestWritten) {
    if (tlsCode.test(code)) return { code: 'tls_failed', reason: `the TLS handshake failed: ${code}` };
    if (code === 'UND_ERR_INVALID_ARG')
      return { code: 'invalid_request', reason: 'the request is malformed' };
    return { code: 'connect_failed', reason: code === '' ? 'no connection' : `no connection: ${code}` };
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW')
    return { code: 'response_too_large', reason: 'the response headers exceed the limit' };
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT')
    return { code: 'timeout', reason: 'no answer in time' };
  if (error instanceof errors.HTTPParserError || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
    // A cut connection also breaks the framing, so this says nothing about what the other side did.
    return { code: 'invalid_response', reason: 'the response is not readable HTTP' };
  }
  return { code: 'connection_lost', reason: 'the connection ended before the response was complete' };
}

function readCode(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && typeof error.code === 'string')
    return /^[A-Z0-9_]{1,60}$/.test(error.code) ? error.code : '';
  if (error instanceof AggregateError && error.errors.length > 0) return readCode(error.errors[0]);
  return '';
}
