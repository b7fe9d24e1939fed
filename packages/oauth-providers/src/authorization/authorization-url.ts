import type { ProviderDefinition } from '../definition/definition-schema.js';
import { expandUrlParams, type UrlParams } from '../location/url-params.js';
import { groupScopes } from './scopes.js';

export type AuthorizationUrlInput = {
  definition: ProviderDefinition;
  clientId: string;
  redirectUri: string;
  state: string;
  /** S256 challenge (RFC 7636); needed unless the provider refuses PKCE. */
  codeChallenge?: string | undefined;
  /** OpenID Connect nonce. */
  nonce?: string | undefined;
  scopes: readonly string[];
  /** Connect parameters, checked again here. */
  params?: UrlParams | undefined;
  /** Ask which account, even when the person is signed in. */
  isSwitchingAccount?: boolean | undefined;
  /** Who is expected to sign in. */
  loginHint?: string | undefined;
  /** Ask for consent again (no refresh token came the first time). */
  isForcingConsent?: boolean | undefined;
};

/** The address of the provider's authorization page (RFC 6749 section 4.1.1). Throws RangeError for bad parameters. */
export function buildAuthorizationUrl(input: AuthorizationUrlInput): string {
  const { definition } = input;
  const url = new URL(expandUrlParams(definition, definition.authorization_endpoint, input.params ?? {}));
  const query: Record<string, string | undefined> = {
    ...definition.extra_authorization_params,
    ...(input.isForcingConsent ? definition.force_consent_params : {}),
    ...(input.isSwitchingAccount ? definition.switch_account_params : {}),
  };
  if (definition.login_hint_param !== undefined && input.loginHint !== undefined) {
    query[definition.login_hint_param] = input.loginHint;
  }
  // An empty scope parameter is an error at several providers, so it is left out.
  for (const [parameter, scopes] of Object.entries(groupScopes(definition, input.scopes))) {
    query[parameter] = scopes.join(definition.scope_separator);
  }
  query.response_type = definition.response_type;
  query[definition.client_id_parameter] = input.clientId;
  query.redirect_uri = input.redirectUri;
  query.state = input.state;
  if (input.nonce !== undefined) query.nonce = input.nonce;
  if (definition.pkce === 'S256') {
    if (input.codeChallenge === undefined) throw new RangeError('this provider needs a PKCE challenge');
    query.code_challenge = input.codeChallenge;
    query.code_challenge_method = 'S256';
  }
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}
