import { BackendError, type BackendErrorFacts } from './backend-error.js';

/** A policy refused the call; the provider was not contacted. Any 403 without a class of its own is one too. */
export class PolicyViolationError extends BackendError {
  static override readonly code: string = 'policy_violation';
  /** Kind of the rule that refused, e.g. `time_window`, `ip_allowlist`; the vault's error code. */
  readonly policyError: string | undefined;
  /** When the rule would let the call pass, ISO 8601, where time helps. */
  readonly retryAt: string | undefined;

  constructor(
    message: string,
    facts: BackendErrorFacts & {
      readonly policyError?: string | undefined;
      readonly retryAt?: string | undefined;
    } = {},
  ) {
    super(message, facts);
    this.policyError = facts.policyError;
    this.retryAt = facts.retryAt;
  }
}

/** The credential may not go to this destination: refused by the vault, or by this SDK before it was attached (E5). */
export class BlockedDestinationError extends BackendError {
  static override readonly code = 'blocked_destination';
  declare readonly code: 'blocked_destination';
}

/** The credential does not leave the vault: `proxyRequest` makes the call, `request` does not. */
export class RestrictedGrantRequiresProxyError extends BackendError {
  static override readonly code: string = 'restricted_grant_requires_proxy';
}

/** The vault's own limit on requests. */
export class RateLimitError extends BackendError {
  static override readonly code = 'rate_limit_exceeded';
  declare readonly code: 'rate_limit_exceeded';
  readonly retryAfterSeconds: number | undefined;
  /** What is counted: `ip`, `api_key`, `organization`. */
  readonly scope: string | undefined;
  readonly limit: number | undefined;
  readonly windowSeconds: number | undefined;

  constructor(
    message: string,
    facts: BackendErrorFacts & {
      readonly retryAfterSeconds?: number | undefined;
      readonly scope?: string | undefined;
      readonly limit?: number | undefined;
      readonly windowSeconds?: number | undefined;
    } = {},
  ) {
    super(message, facts);
    this.retryAfterSeconds = facts.retryAfterSeconds;
    this.scope = facts.scope;
    this.limit = facts.limit;
    this.windowSeconds = facts.windowSeconds;
  }
}
