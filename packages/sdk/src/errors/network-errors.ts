import { AlterSDKError, type ErrorFacts } from './alter-sdk-error.js';

/** The vault or the provider could not be reached; `details.cause_code` is the system's code, e.g. `ECONNREFUSED`. */
export class NetworkError extends AlterSDKError {
  static override readonly code: string = 'network_error';

  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, { retryable: true, ...facts });
  }
}

/** There was no answer in time. */
export class TimeoutError extends NetworkError {
  static override readonly code = 'timeout';
  declare readonly code: 'timeout';
}
