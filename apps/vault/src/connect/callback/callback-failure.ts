import type { ConnectErrorCode } from '@alter-ai/core-contract';
import { connectErrorTable } from '@alter-ai/core-contract';

/** Why an authorization did not end in a grant; becomes the session's error, or a notice while others are still on offer. */
export class CallbackFailure extends Error {
  constructor(
    readonly code: ConnectErrorCode,
    message: string = connectErrorTable[code],
    /** Code words for the audit record, e.g. the provider's `error`; never text that the provider wrote. */
    readonly evidence: Readonly<Record<string, string | number>> = {},
  ) {
    super(message);
    this.name = 'CallbackFailure';
  }
}

/** What an `error` in the callback means for the session (RFC 6749 §4.1.2.1 and what providers add). */
export function describeProviderError(error: string): ConnectErrorCode {
  switch (error) {
    case 'access_denied':
    case 'consent_required':
    case 'user_cancelled_login':
    case 'user_cancelled_authorize':
    case 'user_denied':
      return 'connect_denied';
    case 'invalid_client':
    case 'unauthorized_client':
      return 'invalid_client';
    case 'invalid_redirect_uri':
    case 'redirect_uri_mismatch':
      return 'invalid_redirect_uri';
    case 'invalid_request':
    case 'invalid_scope':
    case 'unsupported_response_type':
      return 'connect_config_error';
    case 'temporarily_unavailable':
    case 'server_error':
      return 'service_unavailable';
    default:
      return 'provider_error';
  }
}
