import type { ProviderDefinition } from '../definition/definition-schema.js';
import { expandUrlParams, type UrlParams } from '../location/url-params.js';
import { mergeHeaders, type ProviderRequest, userAgent } from '../token/request-shape.js';
import { type ProviderResponse, readDocument } from '../token/response-body.js';
import { classifyFailure, findError, type ProviderFailure } from '../token/token-failure.js';

/** The request that tells whose token this is; undefined where the account is read from elsewhere. */
export function buildUserinfoRequest(input: {
  definition: ProviderDefinition;
  accessToken: string;
  params?: UrlParams | undefined;
}): ProviderRequest | undefined {
  const { definition, accessToken } = input;
  if (definition.account.source !== 'userinfo' || definition.userinfo_endpoint === undefined)
    return undefined;
  const url = expandUrlParams(definition, definition.userinfo_endpoint, input.params ?? {}, {
    access_token: accessToken,
  });
  const request = {
    url,
    method: definition.userinfo_method,
    headers: mergeHeaders(
      { Accept: 'application/json', 'User-Agent': userAgent },
      definition.required_api_headers,
      definition.userinfo_headers,
    ),
    ...(definition.userinfo_body === undefined ? {} : { body: definition.userinfo_body }),
  };
  return definition.userinfo_token_in === 'path' ? request : placeToken(definition, request, accessToken);
}

/** Puts an access token where the provider's API expects it. */
export function placeToken(
  definition: ProviderDefinition,
  request: ProviderRequest,
  accessToken: string,
): ProviderRequest {
  const { in: place, name, format } = definition.token_placement;
  const value = format.replace('{token}', () => accessToken);
  if (place === 'header') return { ...request, headers: mergeHeaders(request.headers, { [name]: value }) };
  const url = new URL(request.url);
  url.searchParams.set(name, value);
  return { ...request, url: url.href };
}

/** Reads the answer; errors inside a 200 body (Slack, GraphQL) count. */
export function parseUserinfoResponse(
  input: { definition: ProviderDefinition; nowMs: number } & ProviderResponse,
): { ok: true; userinfo: Record<string, unknown> } | ProviderFailure {
  const document = readDocument(input);
  const isSuccess = input.status >= 200 && input.status < 300;
  if (isSuccess && document.kind === 'object' && findError(input.definition, document) === undefined) {
    return { ok: true, userinfo: document.document };
  }
  return classifyFailure(input.definition, input, document, {
    nowMs: input.nowMs,
    fallbackError: 'unknown_error',
    isTokenEndpoint: false,
  });
}
