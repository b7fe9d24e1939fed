import { BackendError, type BackendErrorFacts } from './backend-error.js';

/** Facts of an error about one grant. */
export interface GrantErrorFacts extends BackendErrorFacts {
  readonly grantId?: string | undefined;
  readonly providerId?: string | undefined;
}

class GrantError extends BackendError {
  /** The grant in question, where it is known. */
  readonly grantId: string | undefined;
  /** The provider in question, where it is known. */
  readonly providerId: string | undefined;

  constructor(message: string, facts: GrantErrorFacts = {}) {
    super(message, facts);
    this.grantId = facts.grantId;
    this.providerId = facts.providerId;
  }
}

type ReAuthCode =
  | 'jwt_validation_error'
  | 'grant_expired'
  | 'grant_revoked'
  | 'credential_revoked'
  | 'grant_deleted';

/** The user has to act: sign in again (`jwt_validation_error`), or connect the account again (the subclasses). */
export class ReAuthRequiredError extends GrantError {
  static override readonly code: ReAuthCode = 'jwt_validation_error';
  declare readonly code: ReAuthCode;
}

/** The grant reached the end of its lifetime. */
export class GrantExpiredError extends ReAuthRequiredError {
  static override readonly code = 'grant_expired';
  declare readonly code: 'grant_expired';
}

/** The grant was taken back by its user or by the app. */
export class GrantRevokedError extends ReAuthRequiredError {
  static override readonly code = 'grant_revoked';
  declare readonly code: 'grant_revoked';
}

/** The provider no longer accepts the stored credential; reconnecting repairs the same grant. */
export class CredentialRevokedError extends ReAuthRequiredError {
  static override readonly code = 'credential_revoked';
  declare readonly code: 'credential_revoked';
}

/** The grant was deleted (HTTP 410). */
export class GrantDeletedError extends ReAuthRequiredError {
  static override readonly code = 'grant_deleted';
  declare readonly code: 'grant_deleted';
}

/** There is no such grant for this app, or the user has not connected this provider. */
export class GrantNotFoundError extends GrantError {
  static override readonly code: string = 'grant_not_found';
}

/** There is a grant of the same principal with this label already. */
export class SiblingLabelConflictError extends BackendError {
  static override readonly code = 'sibling_label_conflict';
  declare readonly code: 'sibling_label_conflict';
  readonly label: string | undefined;

  constructor(message: string, facts: BackendErrorFacts & { readonly label?: string | undefined } = {}) {
    super(message, facts);
    this.label = facts.label;
  }
}

/** The managed secret has several credentials, and the call has to name one. */
export class CredentialIdRequiredError extends BackendError {
  static override readonly code = 'credential_id_required';
  declare readonly code: 'credential_id_required';
  readonly credentials: readonly { readonly id: string; readonly label: string | undefined }[];

  constructor(
    message: string,
    facts: BackendErrorFacts & {
      readonly credentials?: readonly { readonly id: string; readonly label: string | undefined }[];
    } = {},
  ) {
    super(message, facts);
    this.credentials = facts.credentials ?? [];
  }
}

/** A key that a user entered cannot be granted to others. */
export class EndUserCredentialNotAssignableError extends BackendError {
  static override readonly code = 'end_user_credential_not_assignable';
  declare readonly code: 'end_user_credential_not_assignable';
}

/** The credential is being refreshed by another call; the same call succeeds shortly. */
export class TokenRefreshInProgressError extends GrantError {
  static override readonly code = 'token_refresh_in_progress';
  declare readonly code: 'token_refresh_in_progress';
  /** When to try again, where the vault said so. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    message: string,
    facts: GrantErrorFacts & { readonly retryAfterSeconds?: number | undefined } = {},
  ) {
    super(message, facts);
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }
}

/** One of several grants that match a call by provider. */
export interface GrantCandidate {
  readonly grantId: string;
  readonly label: string | undefined;
  readonly accountIdentifier: string | undefined;
  readonly accountDisplayName: string | undefined;
}

/** Several accounts match; name one by `account` or use its `grantId`. */
export class AmbiguousGrantError extends BackendError {
  static override readonly code = 'ambiguous_grant';
  declare readonly code: 'ambiguous_grant';
  readonly providerId: string | undefined;
  /** Values for `account`, to let the user pick. */
  readonly accountIdentifiers: readonly string[];
  readonly grantIds: readonly string[];
  readonly candidates: readonly GrantCandidate[];
  /** Whether there are more candidates than are listed. */
  readonly candidatesTruncated: boolean;
  /** Whether the call named an account and several grants match even so. */
  readonly accountWasProvided: boolean;

  constructor(
    message: string,
    facts: BackendErrorFacts & {
      readonly providerId?: string | undefined;
      readonly accountIdentifiers?: readonly string[];
      readonly grantIds?: readonly string[];
      readonly candidates?: readonly GrantCandidate[];
      readonly candidatesTruncated?: boolean;
      readonly accountWasProvided?: boolean;
    } = {},
  ) {
    super(message, facts);
    this.providerId = facts.providerId;
    this.accountIdentifiers = facts.accountIdentifiers ?? [];
    this.grantIds = facts.grantIds ?? [];
    this.candidates = facts.candidates ?? [];
    this.candidatesTruncated = facts.candidatesTruncated ?? false;
    this.accountWasProvided = facts.accountWasProvided ?? false;
  }
}
