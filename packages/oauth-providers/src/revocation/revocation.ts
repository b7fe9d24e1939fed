import type { ProviderDefinition } from '../definition/definition-schema.js';
import { expandUrlParams, type UrlParams } from '../location/url-params.js';
import { authenticateClient, encodeBasic, type ProviderClient } from '../token/client-authentication.js';
import { encodeBody, mergeHeaders, type ProviderRequest, userAgent } from '../token/request-shape.js';
import { type ProviderResponse, readDocument } from '../token/response-body.js';
import { classifyFailure, findError, type ProviderFailure } from '../token/token-failure.js';

type TokenPair = { accessToken?: string | undefined; refreshToken?: string | undefined };

/**
 * The requests that take a grant back at the provider, one for each credential of it, in the provider's own way
 * (RFC 7009 or not). Empty: the provider offers none, or there is no token of the kind it takes.
 */
export function buildRevocationRequests(
  input: {
    definition: ProviderDefinition;
    client: ProviderClient;
    params?: UrlParams | undefined;
    /** Second credentials of the grant (Slack's user token). */
    additional?: Readonly<Record<string, TokenPair>> | undefined;
  } & TokenPair,
): ProviderRequest[] {
  const pairs: TokenPair[] = [input, ...Object.values(input.additional ?? {})];
  const seen = new Set<string>();
  return pairs.flatMap((pair) => {
    const request = buildOne(input.definition, input.client, input.params ?? {}, pair);
    const key = JSON.stringify(request);
    if (request === undefined || seen.has(key)) return [];
    seen.add(key);
    return [request];
  });
}

/** Whether the provider did it. 404 and an invalid token mean that there was nothing left to take back. */
export function parseRevocationResponse(
  input: { definition: ProviderDefinition; nowMs: number } & ProviderResponse,
): { ok: true } | ProviderFailure {
  const document = readDocument(input);
  const hasError = findError(input.definition, document) !== undefined;
  if (input.status >= 200 && input.status < 300 && !hasError) return { ok: true };
  const failure = classifyFailure(input.definition, input, document, {
    nowMs: input.nowMs,
    fallbackError: 'unknown_error',
    isTokenEndpoint: true,
  });
  const isGone = failure.kind === 'invalid_grant' || (input.status === 404 && document.kind !== 'html');
  return isGone ? { ok: true } : failure;
}

function buildOne(
  definition: ProviderDefinition,
  client: ProviderClient,
  params: UrlParams,
  { accessToken, refreshToken }: TokenPair,
): ProviderRequest | undefined {
  const style = definition.revocation_style;
  if (style === 'none' || definition.revocation_endpoint === undefined) return undefined;
  const isRefresh =
    definition.revocation_token === 'refresh_token' ? refreshToken !== undefined : accessToken === undefined;
  const token = isRefresh ? refreshToken : accessToken;
  if (token === undefined) return undefined;
  // Only the kind of token the provider asks for fits into these two.
  if (style === 'bearer_post' && isRefresh) return undefined;
  if (
    style === 'delete_token_in_path' &&
    !definition.revocation_endpoint.includes(isRefresh ? '{refresh_token}' : '{access_token}')
  ) {
    return undefined;
  }
  const url = expandUrlParams(definition, definition.revocation_endpoint, params, {
    client_id: client.id,
    [isRefresh ? 'refresh_token' : 'access_token']: token,
  });
  const headers = mergeHeaders(
    { Accept: 'application/json', 'User-Agent': userAgent },
    definition.revocation_headers,
  );
  switch (style) {
    case 'delete_token_in_path':
      return { url, method: 'DELETE', headers };
    case 'bearer_post':
      return { url, method: 'POST', headers: mergeHeaders(headers, { Authorization: `Bearer ${token}` }) };
    case 'delete_with_basic': {
      const { type, body } = encodeBody('json', { access_token: token });
      const authorization = encodeBasic(
        definition.client_secret_basic_encoding,
        client.id,
        client.secret ?? '',
      );
      return {
        url,
        method: 'DELETE',
        headers: mergeHeaders(headers, { 'Content-Type': type, Authorization: authorization }),
        body,
      };
    }
    case 'rfc7009': {
      const auth = authenticateClient(definition, client, definition.token_endpoint_auth_method);
      const hint = isRefresh ? 'refresh_token' : 'access_token';
      const isJson = definition.revocation_request_format === 'json';
      const fields = { token, ...(isJson ? {} : { token_type_hint: hint }), ...auth.fields };
      const { type, body } = encodeBody(isJson ? 'json' : 'form', fields);
      return {
        url,
        method: 'POST',
        headers: mergeHeaders(headers, { 'Content-Type': type, ...auth.headers }),
        body,
      };
    }
  }
}
