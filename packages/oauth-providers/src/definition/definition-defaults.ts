import { z } from 'zod';
import { optionalFields, requiredFields } from './definition-fields.js';
import { type ProviderDefinition, providerDefinitionSchema } from './definition-schema.js';

/** RFC 6749 and OpenID Connect as written: what holds for a provider that says nothing else. */
export const definitionDefaults = {
  category: 'other',
  equivalent_endpoints: [],
  token_endpoint_auth_method: 'client_secret_basic',
  client_secret_basic_encoding: 'form',
  token_request_format: 'form',
  client_id_parameter: 'client_id',
  response_type: 'code',
  pkce: 'S256',
  authorization_response_iss_parameter_supported: false,
  extra_authorization_params: {},
  extra_token_params: {},
  extra_refresh_params: {},
  token_request_repeats_state: false,
  refresh_sends_scope: false,
  scope_separator: ' ',
  default_scopes: [],
  has_registered_scopes: false,
  scope_response: 'full',
  scope_response_format: 'space',
  scope_aliases: {},
  scopes_not_returned: [],
  refresh: 'supported',
  refresh_rotates: 'unknown',
  // Unknown counts as strict: a replay could end everything the user granted (R4).
  refresh_reuse: 'strict',
  token_fields: {
    access_token: ['/access_token'],
    refresh_token: ['/refresh_token'],
    expires_in: ['/expires_in', '/expires_at'],
    refresh_token_expires_in: ['/refresh_token_expires_in', '/refresh_expires_in'],
    scope: ['/scope'],
    id_token: ['/id_token'],
    token_type: ['/token_type'],
  },
  additional_credentials: [],
  token_response_metadata: {},
  callback_params: [],
  error_rules: [],
  error_pointers: ['/error'],
  error_description_pointers: ['/error_description'],
  error_kinds: {},
  error_description_kinds: [],
  revocation_style: 'rfc7009',
  revocation_token: 'refresh_token',
  revocation_request_format: 'form',
  revocation_headers: {},
  revoke_scope: 'token',
  userinfo_method: 'GET',
  userinfo_headers: {},
  userinfo_token_in: 'placement',
  account: {
    source: 'userinfo',
    id: ['/sub'],
    identifier: ['/email', '/preferred_username', '/sub'],
    display_name: ['/name'],
    email: ['/email'],
  },
  url_params: [],
  runtime_hosts: [],
  api_hosts: [],
  api_base_urls: [],
  token_placement: { in: 'header', name: 'Authorization', format: 'Bearer {token}' },
  required_api_headers: {},
  // OpenID Connect Core 3.1.2.1: every server knows login; some refuse select_account.
  switch_account_params: { prompt: 'login' },
  force_consent_params: { prompt: 'consent' },
  retries_consent_without_refresh_token: false,
  notes: [],
} satisfies Partial<ProviderDefinition>;

const catalogueInput = z.strictObject({
  id: providerDefinitionSchema.shape.id,
  ...z.object(requiredFields).partial().shape,
  ...z.object(optionalFields).partial().shape,
});
type CatalogueInput = z.input<typeof catalogueInput>;

/** One catalogue entry: what differs from the defaults. Throws ZodError for an entry that is not sound. */
export function defineProvider(input: CatalogueInput): ProviderDefinition {
  return providerDefinitionSchema.parse({ ...definitionDefaults, ...input });
}
