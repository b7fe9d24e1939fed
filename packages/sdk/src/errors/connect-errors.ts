import { AlterSDKError } from './alter-sdk-error.js';

/**
 * A connect session ended without a grant; `code` is the session's error code (wire/2 §2.3), e.g.
 * `account_mismatch`, `exchange_failed`, `connect_cancelled`.
 */
export class ConnectFlowError extends AlterSDKError {
  static override readonly code: string = 'connect_flow_error';
}

/** The user said no at the provider. */
export class ConnectDeniedError extends ConnectFlowError {
  static override readonly code = 'connect_denied';
  declare readonly code: 'connect_denied';
}

/** The app's provider configuration does not work; the developer has to act. */
export class ConnectConfigError extends ConnectFlowError {
  static override readonly code: string = 'connect_config_error';
}

/**
 * Nobody finished the session in time. `details.reason` is `poll_deadline_elapsed`, `session_expired` or
 * `rate_limited`.
 */
export class ConnectTimeoutError extends ConnectFlowError {
  static override readonly code = 'connect_timeout';
  declare readonly code: 'connect_timeout';
}
