import { parseScopes } from '../authorization/scopes.js';
import type { ProviderDefinition } from '../definition/definition-schema.js';
import { readFirst, readFirstText, readPointer, toText } from '../location/json-pointer.js';
import { type ProviderResponse, readDocument } from './response-body.js';
import { classifyFailure, findError, type ProviderFailure } from './token-failure.js';
import { readExpiry } from './token-lifetime.js';

/** A second credential of the same answer. */
export type AdditionalTokens = {
  accessToken: string;
  refreshToken?: string;
  expiresAtMs?: number;
  scopes?: string[];
};

export type ProviderTokens = {
  accessToken: string;
  /** Absent: the answer had none; an older one stays in use (R9). */
  refreshToken?: string;
  idToken?: string;
  /** Absent: unknown, not endless. */
  expiresAtMs?: number;
  refreshExpiresAtMs?: number;
  /** What the answer said; scopes of additional credentials carry their prefix. */
  scopes?: string[];
  tokenType?: string;
  additional?: Record<string, AdditionalTokens>;
  /** Facts to keep with the grant (`token_response_metadata`). */
  metadata: Record<string, string>;
  /** The parsed body, for the account. Holds secrets. */
  document: Record<string, unknown>;
  /** The body as received, to be sealed. Holds secrets. */
  raw: string;
};

export type TokenResponseResult = { ok: true; tokens: ProviderTokens } | ProviderFailure;

type TokenResponseInput = ProviderResponse & {
  definition: ProviderDefinition;
  nowMs: number;
  /** What was sent (code, refresh token, client secret): never repeated in a failure. */
  secrets?: readonly string[] | undefined;
};

/**
 * Reads a token endpoint's answer (RFC 6749 sections 5.1 and 5.2) as providers really write it. Success is an access
 * token where the definition says it stands and no error beside it, whatever the status line claims. A failure never
 * holds text of the body beyond code and description.
 */
export function parseTokenResponse(input: TokenResponseInput): TokenResponseResult {
  const { definition, nowMs } = input;
  const context = { nowMs, secrets: input.secrets, isTokenEndpoint: true };
  const document = readDocument(input);
  const isSuccess = input.status >= 200 && input.status < 300;
  if (!isSuccess || document.kind !== 'object' || findError(definition, document) !== undefined) {
    return classifyFailure(definition, input, document, { ...context, fallbackError: 'unknown_error' });
  }
  const body = document.document;
  const additional = readAdditional(definition, body, nowMs);
  const promoted = Object.values(additional)[0];
  const fields = definition.token_fields;
  const own = readFirstText(body, fields.access_token);
  const accessToken = own ?? promoted?.accessToken;
  if (accessToken === undefined)
    return classifyFailure(definition, input, document, {
      ...context,
      fallbackError: 'missing_access_token',
    });

  // Only the second credential was asked for: then it is the first one.
  const refreshToken = own === undefined ? promoted?.refreshToken : readFirstText(body, fields.refresh_token);
  const expiresAtMs =
    (own === undefined ? promoted?.expiresAtMs : readFirstExpiry(body, fields.expires_in, nowMs)) ??
    (definition.access_token_ttl_seconds === undefined
      ? undefined
      : nowMs + definition.access_token_ttl_seconds * 1000);
  const refreshExpiresAtMs = readFirstExpiry(body, fields.refresh_token_expires_in, nowMs);
  const idToken = readFirstText(body, fields.id_token);
  const tokenType = readFirstText(body, fields.token_type);
  const scopes = collectScopes(definition, body, own !== undefined, additional);
  return {
    ok: true,
    tokens: {
      accessToken,
      ...(refreshToken === undefined ? {} : { refreshToken }),
      ...(idToken === undefined ? {} : { idToken }),
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      ...(refreshExpiresAtMs === undefined ? {} : { refreshExpiresAtMs }),
      ...(scopes === undefined ? {} : { scopes }),
      ...(tokenType === undefined ? {} : { tokenType }),
      ...(Object.keys(additional).length === 0 ? {} : { additional }),
      metadata: readMetadata(definition, body),
      document: body,
      raw: input.bodyText,
    },
  };
}

function readFirstExpiry(body: unknown, pointers: readonly string[], nowMs: number): number | undefined {
  for (const pointer of pointers) {
    const expiry = readExpiry(readPointer(body, pointer), nowMs);
    if (expiry !== undefined) return expiry;
  }
  return undefined;
}

function readAdditional(
  definition: ProviderDefinition,
  body: unknown,
  nowMs: number,
): Record<string, AdditionalTokens> {
  const found: Record<string, AdditionalTokens> = {};
  for (const credential of definition.additional_credentials) {
    const accessToken = toText(readPointer(body, credential.access_token));
    if (accessToken === undefined) continue;
    const refreshToken = toText(readPointer(body, credential.refresh_token));
    const expiresAtMs = readExpiry(readPointer(body, credential.expires_in), nowMs);
    const scopes = parseScopes(readPointer(body, credential.scope), definition.scope_response_format);
    found[credential.name] = {
      accessToken,
      ...(refreshToken === undefined ? {} : { refreshToken }),
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      ...(scopes === undefined ? {} : { scopes }),
    };
  }
  return found;
}

function collectScopes(
  definition: ProviderDefinition,
  body: unknown,
  hasOwnToken: boolean,
  additional: Record<string, AdditionalTokens>,
): string[] | undefined {
  const own = hasOwnToken
    ? parseScopes(readFirst(body, definition.token_fields.scope), definition.scope_response_format)
    : undefined;
  const others = definition.additional_credentials.flatMap((credential) =>
    (additional[credential.name]?.scopes ?? []).map((scope) => `${credential.scope_prefix}${scope}`),
  );
  return own === undefined && others.length === 0 ? undefined : [...(own ?? []), ...others];
}

function readMetadata(definition: ProviderDefinition, body: unknown): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const [name, pointer] of Object.entries(definition.token_response_metadata)) {
    const value = toText(readPointer(body, pointer));
    if (value !== undefined && value.length <= 2000) metadata[name] = value;
  }
  return metadata;
}
