import type { ProviderDefinition } from '../definition/definition-schema.js';
import { readPointer, toText } from '../location/json-pointer.js';
import { expandUrlParams, type UrlParams } from '../location/url-params.js';
import { mergeHeaders, type ProviderRequest, userAgent } from '../token/request-shape.js';
import { type ProviderResponse, readDocument } from '../token/response-body.js';
import { classifyFailure, type ProviderFailure } from '../token/token-failure.js';
import { placeToken } from './userinfo.js';

/** One of the places (site, workspace) that a connection can be for. */
export type LookupChoice = { id: string; label: string; url?: string };

/** The question to ask after connecting; undefined where there is none. */
export function buildLookupRequest(input: {
  definition: ProviderDefinition;
  accessToken: string;
  params?: UrlParams | undefined;
}): ProviderRequest | undefined {
  const lookup = input.definition.post_connect_lookup;
  if (lookup === undefined) return undefined;
  const request: ProviderRequest = {
    url: expandUrlParams(input.definition, lookup.endpoint, input.params ?? {}),
    method: 'GET',
    headers: mergeHeaders(
      { Accept: 'application/json', 'User-Agent': userAgent },
      input.definition.required_api_headers,
    ),
  };
  return placeToken(input.definition, request, input.accessToken);
}

/** The choices; the id of the one chosen is kept with the grant under `metadata`. */
export function parseLookupResponse(
  input: { definition: ProviderDefinition; nowMs: number } & ProviderResponse,
): { ok: true; metadata: string; choices: LookupChoice[] } | ProviderFailure {
  const lookup = input.definition.post_connect_lookup;
  const document = readDocument(input);
  const isReadable = document.kind === 'array' || document.kind === 'object';
  const items = isReadable && lookup !== undefined ? readPointer(document.document, lookup.items) : undefined;
  if (lookup === undefined || input.status < 200 || input.status >= 300 || !Array.isArray(items)) {
    return classifyFailure(input.definition, input, document, {
      nowMs: input.nowMs,
      fallbackError: 'unexpected_response',
      isTokenEndpoint: false,
    });
  }
  const choices = items.flatMap((item): LookupChoice[] => {
    const id = toText(readPointer(item, lookup.id));
    if (id === undefined) return [];
    const url = lookup.url === undefined ? undefined : toText(readPointer(item, lookup.url));
    return [
      { id, label: toText(readPointer(item, lookup.label)) ?? id, ...(url === undefined ? {} : { url }) },
    ];
  });
  return { ok: true, metadata: lookup.metadata, choices };
}
