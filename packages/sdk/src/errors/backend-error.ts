import { AlterSDKError, type ErrorFacts } from './alter-sdk-error.js';

/** Facts of an error that the vault answered. */
export interface BackendErrorFacts extends ErrorFacts {
  /** HTTP status of the answer; absent where there was none. */
  readonly statusCode?: number | undefined;
}

/**
 * The vault refused or failed, e.g. `provider_not_configured`, `provider_configuration_unavailable`,
 * `internal_error`; also an answer that is not of the protocol (`malformed_answer`).
 */
export class BackendError extends AlterSDKError {
  static override readonly code: string = 'backend_error';
  readonly statusCode: number | undefined;

  constructor(message: string, facts: BackendErrorFacts = {}) {
    super(message, facts);
    this.statusCode = facts.statusCode;
  }
}
