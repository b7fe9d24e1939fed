import type { ProviderDefinition } from '../definition/definition-schema.js';
import { expandUrlParams, type UrlParams } from '../location/url-params.js';
import { authenticateClient, type ProviderClient } from './client-authentication.js';
import { encodeBody, type ProviderRequest, userAgent } from './request-shape.js';

export type TokenGrant =
  | {
      type: 'authorization_code';
      code: string;
      redirectUri: string;
      codeVerifier?: string | undefined;
      state?: string | undefined;
    }
  | { type: 'refresh_token'; refreshToken: string; scopes?: readonly string[] | undefined };

/** The request to the token endpoint (RFC 6749 sections 4.1.3 and 6). Throws RangeError for bad parameters. */
export function buildTokenRequest(input: {
  definition: ProviderDefinition;
  client: ProviderClient;
  grant: TokenGrant;
  params?: UrlParams | undefined;
}): ProviderRequest {
  const { definition, grant } = input;
  const isRefresh = grant.type === 'refresh_token';
  const endpoint = (isRefresh ? definition.refresh_endpoint : undefined) ?? definition.token_endpoint;
  const method =
    (isRefresh ? definition.refresh_token_endpoint_auth_method : undefined) ??
    definition.token_endpoint_auth_method;
  const client = authenticateClient(definition, input.client, method);
  const fields = {
    ...(isRefresh ? definition.extra_refresh_params : definition.extra_token_params),
    ...(isRefresh ? refreshFields(definition, grant) : codeFields(definition, grant)),
    ...client.fields,
  };
  const { type, body } = encodeBody(definition.token_request_format, fields);
  return {
    url: expandUrlParams(definition, endpoint, input.params ?? {}),
    method: 'POST',
    headers: { Accept: 'application/json', 'Content-Type': type, 'User-Agent': userAgent, ...client.headers },
    body,
  };
}

function codeFields(
  definition: ProviderDefinition,
  grant: Extract<TokenGrant, { type: 'authorization_code' }>,
): Record<string, string> {
  return {
    grant_type: 'authorization_code',
    code: grant.code,
    redirect_uri: grant.redirectUri,
    ...(definition.pkce === 'S256' && grant.codeVerifier !== undefined
      ? { code_verifier: grant.codeVerifier }
      : {}),
    ...(definition.token_request_repeats_state && grant.state !== undefined ? { state: grant.state } : {}),
  };
}

function refreshFields(
  definition: ProviderDefinition,
  grant: Extract<TokenGrant, { type: 'refresh_token' }>,
): Record<string, string> {
  const scope = (grant.scopes ?? []).join(definition.scope_separator);
  return {
    grant_type: 'refresh_token',
    refresh_token: grant.refreshToken,
    ...(definition.refresh_sends_scope && scope !== '' ? { scope } : {}),
  };
}
