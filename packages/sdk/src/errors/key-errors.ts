import { BackendError, type BackendErrorFacts } from './backend-error.js';

class KeyError extends BackendError {
  /** What to do about it, in the vault's words. */
  readonly hint: string | undefined;

  constructor(message: string, facts: BackendErrorFacts & { readonly hint?: string | undefined } = {}) {
    super(message, facts);
    this.hint = facts.hint;
  }
}

/** The vault does not know this API key. */
export class InvalidKeyError extends KeyError {
  static override readonly code = 'invalid_key';
  declare readonly code: 'invalid_key';
}

/** The API key is past its end. */
export class KeyExpiredError extends KeyError {
  static override readonly code = 'key_expired';
  declare readonly code: 'key_expired';
}

/** The API key was revoked. */
export class KeyRevokedError extends KeyError {
  static override readonly code = 'key_revoked';
  declare readonly code: 'key_revoked';
}

/** The API key lacks a scope that this call needs. */
export class InsufficientScopeError extends BackendError {
  static override readonly code = 'insufficient_scope';
  declare readonly code: 'insufficient_scope';
  /** Scopes that the call needs. */
  readonly required: readonly string[];
  /** Scopes that the key has. */
  readonly granted: readonly string[];
  readonly missing: readonly string[];

  constructor(
    message: string,
    facts: BackendErrorFacts & {
      readonly required?: readonly string[];
      readonly granted?: readonly string[];
      readonly missing?: readonly string[];
    } = {},
  ) {
    super(message, facts);
    this.required = facts.required ?? [];
    this.granted = facts.granted ?? [];
    this.missing = facts.missing ?? [];
  }
}
