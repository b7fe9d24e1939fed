/** Why a guarded fetch did not give a response. */
export type EgressErrorCode =
  /** The URL is not one that may be sent anywhere (spelling, scheme, userinfo). */
  | 'invalid_url'
  /** Method or headers that a caller may not set, or that would smuggle (CR, LF, NUL, duplicates). */
  | 'invalid_request'
  /** The host, or an address it resolves to, is not allowed. */
  | 'blocked_destination'
  /** No connection: name not resolved, refused, unreachable. Nothing was written. */
  | 'connect_failed'
  /** No connection within the connect limit or the call's own limit. Nothing was written. */
  | 'connect_timeout'
  /** The TLS handshake failed (certificate, name, protocol). Nothing was written. */
  | 'tls_failed'
  /** The response was not complete within `timeoutMs`. */
  | 'timeout'
  /** The connection ended before the response was complete; the request may have arrived. */
  | 'connection_lost'
  /** Headers, body or decoded body exceed the limit. */
  | 'response_too_large'
  /** Answered, but not in readable HTTP (broken framing or encoding). */
  | 'invalid_response'
  /** The caller's signal ended the call. */
  | 'aborted';

/**
 * A call that egress refused or that failed. `requestWritten` is false only when not one byte of the request can have
 * reached the other side (guarantees R4, R8). The message names the host at most, never path, query, header or body.
 */
export class EgressError extends Error {
  override readonly name = 'EgressError';
  readonly code: EgressErrorCode;
  readonly requestWritten: boolean;
  /** Host (with port when it is not the default one), or undefined where the URL was unreadable. */
  readonly host: string | undefined;

  constructor(
    code: EgressErrorCode,
    reason: string,
    details: { requestWritten: boolean; host?: string | undefined },
  ) {
    super(details.host === undefined ? reason : `${reason} (${details.host})`);
    this.code = code;
    this.requestWritten = details.requestWritten;
    this.host = details.host;
  }
}
