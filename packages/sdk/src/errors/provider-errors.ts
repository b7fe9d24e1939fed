import { AlterSDKError, type ErrorFacts } from './alter-sdk-error.js';
import { BackendError } from './backend-error.js';

/** Facts of an error that the provider answered. */
export interface ProviderErrorFacts extends ErrorFacts {
  readonly statusCode: number;
  readonly responseBody?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

/** The provider answered with an error status. */
export class ProviderAPIError extends AlterSDKError {
  static override readonly code: string = 'provider_api_error';
  readonly statusCode: number;
  /** The provider's answer as text, at most 64 KB, with the injected credential replaced where it was echoed. */
  readonly responseBody: string;
  /** The provider's `Retry-After`, where it is a number. */
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, facts: ProviderErrorFacts) {
    super(message, facts);
    this.statusCode = facts.statusCode;
    this.responseBody = facts.responseBody ?? '';
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }
}

/**
 * The grant lacks a scope; connect the account again to allow it. `details.source` is `backend_flag` where the vault
 * knew it, `provider_insufficient_scope` where the provider said so.
 */
export class ScopeReauthRequiredError extends ProviderAPIError {
  static override readonly code = 'scope_mismatch';
  declare readonly code: 'scope_mismatch';
  readonly grantId: string | undefined;
  readonly providerId: string | undefined;
  /** The scopes that are missing, where they are known. */
  readonly missingScopes: readonly string[] | undefined;

  constructor(
    message: string,
    facts: ProviderErrorFacts & {
      readonly grantId?: string | undefined;
      readonly providerId?: string | undefined;
      readonly missingScopes?: readonly string[] | undefined;
    },
  ) {
    super(message, facts);
    this.grantId = facts.grantId;
    this.providerId = facts.providerId;
    this.missingScopes = facts.missingScopes;
  }
}

/** The provider answered 401; the vault learns of it and refreshes before the next call. */
export class ProviderUnauthorizedError extends ProviderAPIError {
  static override readonly code = 'provider_unauthorized';
  declare readonly code: 'provider_unauthorized';
}

/** The vault could not reach the provider; nothing of the call was sent. */
export class ProviderUnreachableError extends BackendError {
  static override readonly code = 'provider_unreachable';
  declare readonly code: 'provider_unreachable';
}

/** The provider's answer to a proxied call did not arrive whole; the call may have had its effect. */
export class ProxyCallFailedError extends BackendError {
  static override readonly code = 'provider_call_failed';
  declare readonly code: 'provider_call_failed';
}

/** The provider did not answer a proxied call in time; `details.timeout_reason` says on which side the time went. */
export class ProviderTimeoutError extends BackendError {
  static override readonly code = 'provider_timeout';
  declare readonly code: 'provider_timeout';
}

/** The provider's answer held the credential, so the vault did not pass it on; the call had its effect. */
export class CredentialEchoedError extends BackendError {
  static override readonly code = 'credential_echoed';
  declare readonly code: 'credential_echoed';
}
