import type { AlterSDKError } from '../errors/alter-sdk-error.js';
import { BackendError, type BackendErrorFacts } from '../errors/backend-error.js';
import { ConnectConfigError } from '../errors/connect-errors.js';
import {
  AmbiguousGrantError,
  CredentialIdRequiredError,
  CredentialRevokedError,
  EndUserCredentialNotAssignableError,
  type GrantCandidate,
  GrantDeletedError,
  type GrantErrorFacts,
  GrantExpiredError,
  GrantNotFoundError,
  GrantRevokedError,
  ReAuthRequiredError,
  SiblingLabelConflictError,
  TokenRefreshInProgressError,
} from '../errors/grant-errors.js';
import {
  InsufficientScopeError,
  InvalidKeyError,
  KeyExpiredError,
  KeyRevokedError,
} from '../errors/key-errors.js';
import {
  CredentialEchoedError,
  ProviderTimeoutError,
  ProviderUnreachableError,
  ProxyCallFailedError,
  ScopeReauthRequiredError,
} from '../errors/provider-errors.js';
import {
  BlockedDestinationError,
  PolicyViolationError,
  RateLimitError,
  RestrictedGrantRequiresProxyError,
} from '../errors/refusal-errors.js';

/** What the failed call was about, for errors whose body does not say it. */
export interface CallSubject {
  readonly grantId?: string | undefined;
  readonly providerId?: string | undefined;
  readonly label?: string | undefined;
}

/** An error answer, read: the envelope's fields and what the headers add. */
export interface ErrorAnswer {
  readonly message: string;
  readonly facts: BackendErrorFacts & { readonly statusCode: number };
  /** The body's fields at top level; an inner `detail` object counts as the body (wire/1 §7.1). */
  readonly body: Readonly<Record<string, unknown>>;
  readonly subject: CallSubject;
  readonly retryAfterSeconds: number | undefined;
}

/** Builds one class of error from an answer. */
export type ErrorMaker = (answer: ErrorAnswer) => AlterSDKError;

interface Row {
  /** HTTP statuses that the row speaks of. */
  readonly statuses: readonly number[];
  /** Error codes; absent for every code that no earlier row has, and for answers without one. */
  readonly codes?: readonly string[];
  readonly make: ErrorMaker;
}

const makeBackend: ErrorMaker = ({ message, facts }) => new BackendError(message, facts);

/** The one mapping from (status, code) to a class (wire/1 §7.2); the first row that fits counts. */
const rows: readonly Row[] = [
  {
    statuses: [400, 403, 502],
    codes: ['grant_revoked'],
    make: (a) => new GrantRevokedError(a.message, grantFacts(a)),
  },
  {
    statuses: [400, 403, 502],
    codes: ['credential_revoked'],
    make: (a) => new CredentialRevokedError(a.message, grantFacts(a)),
  },
  {
    statuses: [400, 403, 502],
    codes: ['restricted_grant_requires_proxy'],
    make: (a) => new RestrictedGrantRequiresProxyError(a.message, a.facts),
  },
  {
    statuses: [400, 502],
    codes: ['delegated_grant_requires_proxy', 'hitl_grant_requires_proxy', 'user_limits_require_proxy'],
    make: (a) => new RestrictedGrantRequiresProxyError(a.message, a.facts),
  },
  {
    statuses: [502],
    codes: ['provider_unreachable'],
    make: (a) => new ProviderUnreachableError(a.message, a.facts),
  },
  {
    statuses: [502],
    codes: ['provider_call_failed'],
    make: (a) => new ProxyCallFailedError(a.message, a.facts),
  },
  {
    statuses: [502],
    codes: ['credential_echoed'],
    make: (a) => new CredentialEchoedError(a.message, a.facts),
  },
  {
    statuses: [504],
    codes: ['provider_timeout'],
    make: (a) => new ProviderTimeoutError(a.message, a.facts),
  },
  {
    statuses: [401],
    codes: ['jwt_validation_error'],
    make: (a) => new ReAuthRequiredError(a.message, a.facts),
  },
  { statuses: [401], codes: ['invalid_key'], make: (a) => new InvalidKeyError(a.message, keyFacts(a)) },
  { statuses: [401], codes: ['key_expired'], make: (a) => new KeyExpiredError(a.message, keyFacts(a)) },
  { statuses: [401], codes: ['key_revoked'], make: (a) => new KeyRevokedError(a.message, keyFacts(a)) },
  { statuses: [403], codes: ['insufficient_scope'], make: makeInsufficientScope },
  { statuses: [403], codes: ['grant_expired'], make: (a) => new GrantExpiredError(a.message, grantFacts(a)) },
  { statuses: [403], codes: ['scope_mismatch'], make: makeScopeReauth },
  { statuses: [403], make: makePolicyViolation },
  // Other systems' 404 pages and wrong paths must not look like an account that is not connected.
  { statuses: [404], codes: ['not_found', 'session_not_found'], make: makeBackend },
  { statuses: [404], codes: ['secret_not_found'], make: makeConnectConfig },
  { statuses: [404], make: makeNotFound },
  {
    statuses: [409],
    codes: ['token_refresh_in_progress'],
    make: (a) =>
      new TokenRefreshInProgressError(a.message, {
        ...grantFacts(a),
        retryAfterSeconds: a.retryAfterSeconds,
      }),
  },
  { statuses: [409], codes: ['ambiguous_grant'], make: makeAmbiguousGrant },
  {
    statuses: [409],
    codes: ['sibling_label_conflict'],
    make: (a) =>
      new SiblingLabelConflictError(a.message, {
        ...a.facts,
        label: readString(a.body.label) ?? a.subject.label,
      }),
  },
  { statuses: [409], codes: ['credential_id_required'], make: makeCredentialIdRequired },
  {
    statuses: [409],
    codes: ['end_user_credential_not_assignable'],
    make: (a) => new EndUserCredentialNotAssignableError(a.message, a.facts),
  },
  {
    statuses: [409],
    codes: [
      'managed_oauth_scope_approval_required',
      'idp_signin_not_configured',
      'no_eligible_grants',
      'binding_hosts_required',
      'provider_contract_repair_required',
    ],
    make: makeConnectConfig,
  },
  // Only of sessions and grants on managed secrets.
  { statuses: [422], codes: ['secret_template_mismatch'], make: makeConnectConfig },
  { statuses: [410], make: (a) => new GrantDeletedError(a.message, { ...grantFacts(a), code: undefined }) },
  {
    statuses: [422],
    codes: ['blocked_destination'],
    make: (a) => new BlockedDestinationError(a.message, a.facts),
  },
  { statuses: [429], codes: ['rate_limit_exceeded'], make: makeRateLimit },
];

/** The maker for an answer; an answer of no row is a `BackendError`. */
export function findErrorMaker(status: number, code: string | undefined): ErrorMaker {
  // A 429 that is not of the protocol comes from something in front of the vault.
  if (status === 429 && code === undefined) return makeRateLimit;
  const row = rows.find(
    (each) =>
      each.statuses.includes(status) &&
      (each.codes === undefined || (code !== undefined && each.codes.includes(code))),
  );
  return row?.make ?? makeBackend;
}

function grantFacts({ facts, body, subject }: ErrorAnswer): GrantErrorFacts {
  const nested = readNested(body);
  return {
    ...facts,
    grantId: readString(body.grant_id) ?? readString(nested.grant_id) ?? subject.grantId,
    providerId: readString(body.provider_id) ?? readString(nested.provider_id) ?? subject.providerId,
  };
}

function keyFacts({ facts, body }: ErrorAnswer) {
  return { ...facts, hint: readString(body.hint) };
}

function makeNotFound(answer: ErrorAnswer): AlterSDKError {
  if (answer.facts.code === undefined) return makeBackend(answer);
  return new GrantNotFoundError(answer.message, grantFacts(answer));
}

function makeConnectConfig({ message, facts }: ErrorAnswer): AlterSDKError {
  return new ConnectConfigError(message, facts);
}

function makeInsufficientScope({ message, facts, body }: ErrorAnswer): AlterSDKError {
  return new InsufficientScopeError(message, {
    ...facts,
    required: readStrings(body.required),
    granted: readStrings(body.granted),
    missing: readStrings(body.missing),
  });
}

function makeScopeReauth(answer: ErrorAnswer): AlterSDKError {
  const { grantId, providerId } = grantFacts(answer);
  const missing = readStrings(readNested(answer.body).missing_scopes);
  return new ScopeReauthRequiredError(answer.message, {
    ...answer.facts,
    details: { ...answer.facts.details, ...readNested(answer.body), source: 'backend_flag' },
    grantId,
    providerId,
    missingScopes: missing.length > 0 ? missing : undefined,
  });
}

function makePolicyViolation({ message, facts, body }: ErrorAnswer): AlterSDKError {
  return new PolicyViolationError(message, {
    ...facts,
    details: { ...readNested(body), ...facts.details },
    policyError: facts.code,
    retryAt: readString(body.retry_at),
  });
}

function makeAmbiguousGrant({ message, facts, body, subject }: ErrorAnswer): AlterSDKError {
  const candidates = Array.isArray(body.candidates) ? body.candidates.flatMap(readCandidate) : [];
  return new AmbiguousGrantError(message, {
    ...facts,
    providerId: readString(body.provider_id) ?? subject.providerId,
    accountIdentifiers: readStrings(body.account_identifiers),
    grantIds: readStrings(body.grant_ids),
    candidates,
    candidatesTruncated: body.candidates_truncated === true,
    accountWasProvided: body.account_was_provided === true,
  });
}

function makeCredentialIdRequired({ message, facts, body }: ErrorAnswer): AlterSDKError {
  const { credentials } = readNested(body);
  const listed = Array.isArray(credentials) ? (credentials as unknown[]) : [];
  return new CredentialIdRequiredError(message, {
    ...facts,
    credentials: listed.flatMap((each) => {
      const { id, label } = (each ?? {}) as Record<string, unknown>;
      return typeof id === 'string' ? [{ id, label: readString(label) }] : [];
    }),
  });
}

function makeRateLimit({ message, facts, body, retryAfterSeconds }: ErrorAnswer): AlterSDKError {
  return new RateLimitError(message, {
    ...facts,
    code: undefined,
    retryable: true,
    retryAfterSeconds,
    scope: readString(body.scope),
    limit: typeof body.limit === 'number' ? body.limit : undefined,
    windowSeconds: typeof body.window_seconds === 'number' ? body.window_seconds : undefined,
  });
}

function readCandidate(value: unknown): GrantCandidate[] {
  const fields = (value ?? {}) as Record<string, unknown>;
  const grantId = readString(fields.grant_id);
  if (grantId === undefined) return [];
  return [
    {
      grantId,
      label: readString(fields.label),
      accountIdentifier: readString(fields.account_identifier),
      accountDisplayName: readString(fields.account_display_name),
    },
  ];
}

function readNested(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { details } = body;
  return typeof details === 'object' && details !== null && !Array.isArray(details)
    ? (details as Record<string, unknown>)
    : {};
}

function readString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function readStrings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}
