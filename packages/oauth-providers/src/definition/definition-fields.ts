import { z } from 'zod';

// A template may hold {parameters}; the authority must not be empty, and user information has no place in it.
const urlTemplate = z
  .string()
  .max(2000)
  .regex(/^https?:\/\/[^\s/?#@\\]+(?:[/?][^\s\\#]*)?$/, 'must be an absolute http or https URL');
const pointer = z.string().regex(/^(?:\/[^/]*)*$/, 'must be a JSON pointer such as /user/id');
/** One pointer, or several: what several mean is said at each field. */
const pointers = z.union([pointer.transform((one) => [one]), z.array(pointer).min(1)]);
const name = z.string().min(1).max(100);
const params = z.record(name, z.string().max(2000));
const headerName = z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, 'must be a header name');
const headers = z.record(headerName, z.string().regex(/^[\x20-\x7e]*$/, 'must be printable ASCII'));
const apiHost = z
  .string()
  .regex(
    /^(?:\*\.)?(?:[a-z0-9_{}-]+(?:\.[a-z0-9_{}-]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?$/,
    'must be host[:port] or *.example.com',
  );
const seconds = z.int().positive();
const errorKind = z.enum(['invalid_grant', 'invalid_client', 'transient', 'rate_limited', 'other']);

const regexSource = z.string().max(500).refine(isRegex, 'must be a regular expression');
function isRegex(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}

const tokenFields = z.strictObject({
  access_token: pointers,
  refresh_token: pointers,
  /** Seconds from now, or a point in time (epoch seconds, epoch milliseconds, ISO 8601). The first found counts. */
  expires_in: pointers,
  refresh_token_expires_in: pointers,
  scope: pointers,
  id_token: pointers,
  token_type: pointers,
});

const account = z.strictObject({
  /** Where the account is read from. */
  source: z.enum(['userinfo', 'token_response', 'id_token']),
  /** All must be there; several are joined with a colon (an id that is unique in a workspace only). */
  id: pointers,
  /** What people recognise the account by; the first found. */
  identifier: pointers,
  /** The first found. */
  display_name: pointers,
  email: pointers,
  /** Namespace of the id; absent: `issuer`, or else the origin of the authorization endpoint. */
  issuer: z.string().max(500).optional(),
});

const tokenPlacement = z.strictObject({
  in: z.enum(['header', 'query']),
  name: headerName,
  /** `{token}` stands for the access token. */
  format: z.string().includes('{token}'),
});

/** A second credential in the same answer (Slack's user token). */
const additionalCredential = z.strictObject({
  name: z.string().regex(/^[a-z0-9_]{1,40}$/),
  /** Scopes written with this prefix belong to it; the prefix is not sent. */
  scope_prefix: z.string().min(1).max(40),
  /** Parameter of the authorization request that carries them. */
  scope_parameter: name,
  access_token: pointer,
  refresh_token: pointer,
  expires_in: pointer,
  scope: pointer,
});

const urlParam = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,40}$/),
  label: name,
  /** Whole-value regular expression; absent: one DNS label. */
  pattern: regexSource.optional(),
  options: z.array(z.string()).min(1).optional(),
  default: z.string().optional(),
  example: z.string().optional(),
});

/** Every field of a definition, none with a default: overrides are the same fields, all optional. */
export const requiredFields = {
  display_name: name,
  category: name,
  authorization_endpoint: urlTemplate,
  token_endpoint: urlTemplate,
  /** Other names of the same pair, older or regional. */
  equivalent_endpoints: z.array(
    z.strictObject({ authorization_endpoint: urlTemplate, token_endpoint: urlTemplate }),
  ),
  token_endpoint_auth_method: z.enum(['client_secret_basic', 'client_secret_post', 'none']),
  /** Whether id and secret are form-encoded before base64 (RFC 6749 section 2.3.1) or taken as they are. */
  client_secret_basic_encoding: z.enum(['form', 'raw']),
  token_request_format: z.enum(['form', 'json']),
  client_id_parameter: name,
  response_type: z.literal('code'),
  /** `none` only where the provider refuses it. */
  pkce: z.enum(['S256', 'none']),
  authorization_response_iss_parameter_supported: z.boolean(),
  extra_authorization_params: params,
  extra_token_params: params,
  extra_refresh_params: params,
  /** Whether `state` is repeated in the code exchange. */
  token_request_repeats_state: z.boolean(),
  /** Whether a refresh request may name scopes. */
  refresh_sends_scope: z.boolean(),

  scope_separator: z.string().min(1).max(1),
  default_scopes: z.array(name),
  /** Scopes are part of the registration; the parameter may be left out. */
  has_registered_scopes: z.boolean(),
  /** What the answer's scope means: all that the token has, only what was added, or no scope in the answer. */
  scope_response: z.enum(['full', 'delta', 'none']),
  scope_response_format: z.enum(['space', 'comma', 'array']),
  /** Requested name to the name in the answer. */
  scope_aliases: params,
  /** Requested scopes that the answer never names. */
  scopes_not_returned: z.array(name),

  /** `if_issued`: some registrations get a refresh token, others a token that lasts. */
  refresh: z.enum(['supported', 'if_issued', 'none']),
  refresh_rotates: z.union([z.boolean(), z.literal('unknown')]),
  /** What using a refresh token twice does: revokes everything, is allowed for a while, or is normal. */
  refresh_reuse: z.enum(['strict', 'window', 'none']),

  token_fields: tokenFields,
  additional_credentials: z.array(additionalCredential),
  /** Facts of the token response that are kept with the grant: name to JSON pointer. */
  token_response_metadata: z.record(name, pointer),
  /** Parameters of the callback that are kept with the grant. */
  callback_params: z.array(name),
  /** An error inside a 200 body beyond a top-level `error`: the value at `pointer` equals `equals`. */
  error_rules: z.array(
    z.strictObject({ pointer, equals: z.union([z.string(), z.boolean(), z.number()]), error: pointer }),
  ),
  /** Where the error code stands; the first found. */
  error_pointers: z.array(pointer).min(1),
  error_description_pointers: z.array(pointer),
  /** The provider's own codes (lower case), where they mean something other than RFC 6749 says. */
  error_kinds: z.record(name, errorKind),
  /** The same, where only the description tells: `error` as given and `includes` (lower case) somewhere in the words. */
  error_description_kinds: z.array(
    z.strictObject({ error: name, includes: z.string().min(1), kind: errorKind }),
  ),

  revocation_style: z.enum(['rfc7009', 'delete_with_basic', 'delete_token_in_path', 'bearer_post', 'none']),
  /** Which token is presented; the other one is taken where there is none. */
  revocation_token: z.enum(['refresh_token', 'access_token']),
  revocation_request_format: z.enum(['form', 'json', 'empty']),
  revocation_headers: headers,
  /** Whether one token ends, or everything this client holds for the account. */
  revoke_scope: z.enum(['token', 'all']),

  userinfo_method: z.enum(['GET', 'POST']),
  userinfo_headers: headers,
  userinfo_token_in: z.enum(['placement', 'path']),
  account,

  url_params: z.array(urlParam),
  /** API hosts learnt from the token response. */
  runtime_hosts: z.array(
    z.strictObject({ metadata: name, allowed_suffixes: z.array(z.string().min(3)).min(1) }),
  ),
  /** Hosts a credential may go to: exact `host[:port]` or one-label wildcard. */
  api_hosts: z.array(apiHost),
  api_base_urls: z.array(urlTemplate),
  token_placement: tokenPlacement,
  required_api_headers: headers,

  /** Parameters that make the provider ask which account. */
  switch_account_params: params,
  /** Parameters that make the provider ask for consent again. */
  force_consent_params: params,
  /** When no refresh token came and none is stored: authorize once more with `force_consent_params`. */
  retries_consent_without_refresh_token: z.boolean(),

  notes: z.array(z.string()),
};

export const optionalFields = {
  documentation_url: urlTemplate,
  issuer: urlTemplate,
  jwks_uri: urlTemplate,
  refresh_endpoint: urlTemplate,
  revocation_endpoint: urlTemplate,
  userinfo_endpoint: urlTemplate,
  userinfo_body: z.string().max(4000),
  refresh_token_endpoint_auth_method: z.enum(['client_secret_basic', 'client_secret_post', 'none']),
  refresh_reuse_window_seconds: seconds,
  /** Used when the answer names no lifetime. */
  access_token_ttl_seconds: seconds,
  /** A refresh token dies when it is not used for this long. */
  refresh_token_idle_seconds: seconds,
  /** A refresh token, with all that follow it, dies after this long. */
  refresh_token_ttl_seconds: seconds,
  /** A grant of an app that the provider has not published ends this long after the user's consent. */
  testing_grant_ttl_seconds: seconds,
  login_hint_param: name,
  /** `same-origin` cuts the popup from its opener. */
  cross_origin_opener_policy: z.enum(['same-origin', 'same-origin-allow-popups', 'unsafe-none']),
  /** A question to the API after connecting, whose answer the user may have to choose from (a site, a workspace). */
  post_connect_lookup: z.strictObject({
    endpoint: urlTemplate,
    /** The array of choices. */
    items: z.string().regex(/^(?:\/[^/]*)*$/),
    id: pointer,
    label: pointer,
    url: pointer.optional(),
    /** Name under which the chosen id is kept with the grant. */
    metadata: name,
  }),
  evidence: z.strictObject({
    grade: z.enum(['A', 'B', 'C']),
    agreeing_sources: z.int().nonnegative(),
    unverified_fields: z.array(name),
  }),
};

export const accountSchema = account;
export const tokenFieldsSchema = tokenFields;
export const tokenPlacementSchema = tokenPlacement;
