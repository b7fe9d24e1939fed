import { z } from 'zod';

/** What the person who sees the error can do about it. */
export type UserAction =
  | 'none'
  | 'retry'
  | 'reconnect'
  | 'fix_request'
  | 'fix_configuration'
  | 'sign_in'
  | 'contact_developer';

interface ErrorFacts {
  /** HTTP status it is answered with. */
  readonly status: number;
  /** True when the same call may succeed later without anybody's help. */
  readonly retryable: boolean;
  readonly userAction: UserAction;
  /** Default message, used where the server has nothing more exact to say. */
  readonly message: string;
}

const fact = (status: number, retryable: boolean, userAction: UserAction, message: string): ErrorFacts => ({
  status,
  retryable,
  userAction,
  message,
});

/** Every error code of the HTTP interface with its status, whether a retry can help, and who acts (wire/1 §7). */
export const errorTable = {
  invalid_request: fact(400, false, 'fix_request', 'The request is not well formed.'),
  invalid_origin: fact(400, false, 'fix_configuration', 'allowed_origin is not registered for this app.'),
  invalid_return_url: fact(400, false, 'fix_configuration', 'return_url is not registered for this app.'),
  scope_not_allowed: fact(
    400,
    false,
    'fix_request',
    "A requested scope is not in the app's configuration of this provider.",
  ),
  constraint_not_narrowing: fact(
    400,
    false,
    'fix_request',
    'A scope constraint may only narrow what the key allows.',
  ),
  restricted_grant_requires_proxy: fact(
    400,
    false,
    'fix_request',
    'This credential does not leave the vault: make the call in proxy mode.',
  ),
  missing_signature: fact(401, false, 'fix_request', 'The request is not signed.'),
  invalid_signature: fact(401, false, 'fix_request', 'The signature does not match the request.'),
  timestamp_out_of_range: fact(
    401,
    false,
    'fix_request',
    'The timestamp is more than 300 seconds away from the server clock.',
  ),
  nonce_reused: fact(401, false, 'fix_request', 'This nonce has been used before.'),
  invalid_key: fact(401, false, 'fix_configuration', 'The API key is not known.'),
  key_expired: fact(401, false, 'fix_configuration', 'The API key has expired.'),
  key_revoked: fact(401, false, 'fix_configuration', 'The API key was revoked.'),
  jwt_validation_error: fact(401, false, 'sign_in', 'The user token was not accepted.'),
  insufficient_scope: fact(
    403,
    false,
    'fix_configuration',
    'The API key lacks a scope that this call needs.',
  ),
  ip_not_allowed: fact(403, false, 'fix_configuration', 'The API key may not be used from this address.'),
  grant_revoked: fact(403, false, 'reconnect', 'Access was taken back. Connect the account again.'),
  grant_expired: fact(
    403,
    false,
    'reconnect',
    'The grant has reached the end of its lifetime. Connect the account again.',
  ),
  credential_revoked: fact(
    403,
    false,
    'reconnect',
    'The provider no longer accepts the stored credential. Connect the account again.',
  ),
  scope_mismatch: fact(
    403,
    false,
    'reconnect',
    'The grant lacks a scope that is needed. Connect the account again to allow it.',
  ),
  time_window: fact(403, false, 'none', 'A policy does not allow this call at this time.'),
  ip_allowlist: fact(403, false, 'none', 'A policy does not allow this call from this address.'),
  policy_unknown_rule: fact(
    403,
    false,
    'fix_configuration',
    'A policy has a rule of an unknown kind, so the call is denied.',
  ),
  policy_malformed: fact(403, false, 'fix_configuration', 'A policy is malformed, so the call is denied.'),
  policy_evaluation_failed: fact(
    403,
    false,
    'contact_developer',
    'A policy could not be evaluated, so the call is denied.',
  ),
  mint_source_has_grant_rules: fact(
    403,
    false,
    'fix_configuration',
    'A rule is set on a grant of this credential, which another grant on it would not have.',
  ),
  forbidden: fact(403, false, 'fix_request', 'This request is not allowed from here.'),
  grant_not_found: fact(404, false, 'reconnect', 'There is no such grant for this app.'),
  secret_not_found: fact(404, false, 'fix_configuration', 'There is no such managed secret for this app.'),
  session_not_found: fact(
    404,
    false,
    'contact_developer',
    'There is no such connect session in this browser.',
  ),
  audit_record_not_found: fact(404, false, 'fix_request', 'There is no such audit record of this app.'),
  not_found: fact(404, false, 'fix_request', 'There is nothing at this address.'),
  method_not_allowed: fact(405, false, 'fix_request', 'This address does not answer to this method.'),
  request_timeout: fact(408, false, 'retry', 'The request did not arrive in time.'),
  token_refresh_in_progress: fact(
    409,
    true,
    'retry',
    'The credential is being refreshed. Try again shortly.',
  ),
  receipt_pending: fact(
    409,
    true,
    'retry',
    'No checkpoint covers the record yet. Checkpoints are made every minute; try again after Retry-After.',
  ),
  ambiguous_grant: fact(
    409,
    false,
    'fix_request',
    'Several accounts match. Name one by its account identifier or use its grant id.',
  ),
  provider_not_configured: fact(
    409,
    false,
    'fix_configuration',
    'The provider is not configured for this app.',
  ),
  sibling_label_conflict: fact(
    409,
    false,
    'fix_request',
    'There is a grant with this label already. Give the new one another label.',
  ),
  credential_id_required: fact(
    409,
    false,
    'fix_request',
    'The managed secret has several credentials. Name one by credential_id.',
  ),
  end_user_credential_not_assignable: fact(
    409,
    false,
    'fix_request',
    'A key that a user entered belongs to that user and cannot be granted to others.',
  ),
  secret_not_stored: fact(
    409,
    false,
    'fix_configuration',
    'The managed secret has no credential yet. Store one first.',
  ),
  session_not_open: fact(409, false, 'none', 'The connect session is already finished.'),
  payload_too_large: fact(413, false, 'fix_request', 'The request body is too large.'),
  unsupported_media_type: fact(415, false, 'fix_request', 'The body must be application/json in UTF-8.'),
  unknown_field: fact(422, false, 'fix_request', 'The request has a field that does not exist.'),
  not_supported_yet: fact(
    422,
    false,
    'fix_request',
    'The request has a field whose capability this server does not have yet.',
  ),
  unknown_provider: fact(
    422,
    false,
    'fix_configuration',
    'A provider in allowed_providers is not configured for this app.',
  ),
  secret_template_mismatch: fact(
    422,
    false,
    'fix_request',
    'template_slug is not the template of this managed secret.',
  ),
  invalid_grant_policy: fact(422, false, 'fix_request', 'The grant policy is not valid.'),
  blocked_destination: fact(422, false, 'fix_request', 'The credential may not be sent to this destination.'),
  header_not_allowed: fact(
    422,
    false,
    'fix_request',
    'A header of the call is not one that a caller may set.',
  ),
  query_too_long: fact(422, false, 'fix_request', 'The URL with its query parameters is too long.'),
  rate_limit_exceeded: fact(429, true, 'retry', 'Too many requests. Try again later.'),
  internal_error: fact(
    500,
    true,
    'contact_developer',
    'The server failed to answer. The request id finds the cause in its log.',
  ),
  provider_unreachable: fact(
    502,
    true,
    'retry',
    'The provider could not be reached. Nothing of the call was sent.',
  ),
  provider_call_failed: fact(
    502,
    false,
    'none',
    "The provider's answer did not arrive whole. The call may have had its effect.",
  ),
  credential_echoed: fact(
    502,
    false,
    'contact_developer',
    "The provider's answer contained the credential, so it was not passed on. The call had its effect.",
  ),
  provider_timeout: fact(504, true, 'retry', 'The provider did not answer in time.'),
  service_unavailable: fact(503, true, 'retry', 'The server cannot answer now. Try again shortly.'),
  audit_unavailable: fact(
    503,
    true,
    'retry',
    'The audit record could not be written, so nothing was released.',
  ),
  provider_unavailable: fact(
    503,
    true,
    'retry',
    'The provider could not be reached to refresh the credential. Try again later.',
  ),
  provider_configuration_unavailable: fact(
    503,
    true,
    'fix_configuration',
    "The provider does not accept the app's client credentials. The developer has to check the provider configuration.",
  ),
} as const satisfies Record<string, ErrorFacts>;

/** One error code of the HTTP interface. */
export type ErrorCode = keyof typeof errorTable;

/** All error codes. */
export const errorCodes = Object.keys(errorTable) as ErrorCode[];

/** Where the page about a code is, below the vault's public URL. */
export function documentationPath(code: ErrorCode): string {
  return `/docs/errors/${code}`;
}

/** The one error envelope: fields at top level, extra fields per code (wire/1 §7.1). */
export const errorBodySchema = z.looseObject({
  error: z.string().min(1),
  message: z.string().min(1),
  retryable: z.boolean(),
  user_action: z.string(),
  documentation_url: z.string(),
  request_id: z.string(),
});

/** The error envelope as parsed. */
export type ErrorBody = z.infer<typeof errorBodySchema>;

/** Codes that end a connect session, in the poll's `error.error_code` and in the popup's message (wire/2 §2.3). */
export const connectErrorTable = {
  connect_denied: 'Access was denied at the provider.',
  connect_cancelled: 'The connect page was closed by its user.',
  connect_config_error: 'The provider configuration of this app does not work.',
  invalid_client: "The provider does not accept the app's client credentials.",
  invalid_redirect_uri: 'The provider does not know the redirect URI of this vault.',
  provider_configuration_unavailable:
    "The app's configuration of this provider is switched off until its client credentials work.",
  provider_error: 'The provider answered with an error.',
  exchange_failed: 'The provider did not exchange the authorization code for a token.',
  account_unknown: 'The provider did not say whose account this is.',
  account_mismatch: 'Another account than the expected one was signed in.',
  service_unavailable: 'The server could not finish the connection. Try again.',
} as const;

/** One code that can end a connect session. */
export type ConnectErrorCode = keyof typeof connectErrorTable;
