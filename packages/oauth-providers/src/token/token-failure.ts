import type { ProviderDefinition } from '../definition/definition-schema.js';
import { readFirst, readPointer } from '../location/json-pointer.js';
import { type ProviderResponse, type ResponseDocument, readHeader } from './response-body.js';
import { readRetryAfterSeconds } from './token-lifetime.js';

/**
 * What a failed answer means. `invalid_grant`: this code or refresh token is spent or revoked. `invalid_client`: the
 * app's registration is wrong, no grant is touched (R7). `transient` and `rate_limited`: try again later (R8).
 * `other`: definite, but about neither.
 */
export type FailureKind = 'invalid_grant' | 'invalid_client' | 'transient' | 'rate_limited' | 'other';

export type ProviderFailure = {
  ok: false;
  kind: FailureKind;
  /** The provider's code or one of ours; letters, digits and `_.:-` only. */
  error: string;
  /** The provider's own words, shortened, with anything that could be a token blotted out. */
  errorDescription?: string;
  retryAfterSeconds?: number;
};

// RFC 6749 section 5.2, RFC 6750 section 3.1, RFC 8628, and spellings met in the field.
const standardKinds: Readonly<Record<string, FailureKind>> = {
  invalid_grant: 'invalid_grant',
  invalid_token: 'invalid_grant',
  expired_token: 'invalid_grant',
  invalid_refresh_token: 'invalid_grant',
  invalid_client: 'invalid_client',
  unauthorized_client: 'invalid_client',
  server_error: 'transient',
  temporarily_unavailable: 'transient',
  internal_server_error: 'transient',
  service_unavailable: 'transient',
  slow_down: 'rate_limited',
  rate_limited: 'rate_limited',
  rate_limit_exceeded: 'rate_limited',
  too_many_requests: 'rate_limited',
};

/** The error an answer holds whatever its status, or undefined when it holds none (errors inside a 200 body count). */
export function findError(definition: ProviderDefinition, document: ResponseDocument): string | undefined {
  if (document.kind !== 'object') return undefined;
  for (const rule of definition.error_rules) {
    if (readPointer(document.document, rule.pointer) === rule.equals) {
      return toErrorCode(readPointer(document.document, rule.error)) ?? 'unknown_error';
    }
  }
  const value = readFirst(document.document, definition.error_pointers);
  return value === '' || value === false || value === 0 ? undefined : toErrorCode(value);
}

type FailureContext = {
  nowMs: number;
  /** The code where the answer has none. */
  fallbackError: string;
  /** A 401 without a code is about the client at the token endpoint, about the token elsewhere. */
  isTokenEndpoint: boolean;
  /** Values that must not come back in the provider's own words. */
  secrets?: readonly string[] | undefined;
};

/** Judges an answer that is no success: by its body first, then by its status. */
export function classifyFailure(
  definition: ProviderDefinition,
  response: ProviderResponse,
  document: ResponseDocument,
  context: FailureContext,
): ProviderFailure {
  const { nowMs, fallbackError, secrets = [] } = context;
  const retryAfterSeconds = readRetryAfterSeconds(readHeader(response.headers, 'retry-after'), nowMs);
  const found = findError(definition, document);
  const isOwnCode = document.kind === 'object' && response.status < 300;
  const error = found ?? (isOwnCode ? fallbackError : describeShape(response, document));
  const words =
    document.kind === 'object'
      ? readFirst(document.document, definition.error_description_pointers)
      : undefined;
  const description = typeof words === 'string' && words !== '' ? words : undefined;
  return {
    ok: false,
    kind: judge(definition, response.status, document, found, description, context.isTokenEndpoint),
    error: secrets.includes(error) ? 'unknown_error' : error,
    ...(description === undefined ? {} : { errorDescription: blotTokens(description, secrets) }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

function judge(
  definition: ProviderDefinition,
  status: number,
  document: ResponseDocument,
  error: string | undefined,
  description: string | undefined,
  isTokenEndpoint: boolean,
): FailureKind {
  if (status === 429) return 'rate_limited';
  if (error !== undefined) {
    const key = error.toLowerCase();
    const words = description?.toLowerCase() ?? '';
    const told = definition.error_description_kinds.find(
      (rule) => rule.error === key && words.includes(rule.includes),
    );
    if (told !== undefined) return told.kind;
    if (Object.hasOwn(definition.error_kinds, key)) return definition.error_kinds[key] ?? 'other';
    if (Object.hasOwn(standardKinds, key)) return standardKinds[key] ?? 'other';
  }
  if (status >= 500 || status === 408 || status === 425) return 'transient';
  // A page, an empty or a cut body comes from something in between, not from the token endpoint.
  if (document.kind !== 'object') return 'transient';
  return status === 401 && error === undefined && isTokenEndpoint ? 'invalid_client' : 'other';
}

function describeShape(response: ProviderResponse, document: ResponseDocument): string {
  if (response.status >= 300 && response.status < 400) return 'unexpected_redirect';
  if (document.kind === 'html') return 'html_response';
  if (document.kind === 'empty') return 'empty_response';
  if (document.kind === 'unreadable' || document.kind === 'array') return 'unreadable_response';
  return `http_${response.status}`;
}

function toErrorCode(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && /^[\w.:-]{1,100}$/.test(value) && !looksLikeToken(value)
    ? value
    : 'unknown_error';
}

function blotTokens(text: string, secrets: readonly string[]): string {
  const known = secrets.filter((secret) => secret !== '');
  const printable = known
    .reduce((rest, secret) => rest.replaceAll(secret, '[…]'), text)
    .replaceAll(/[^\x20-\x7e…]/g, ' ')
    .slice(0, 400);
  return printable
    .replaceAll(/[A-Za-z0-9+/=_.~%-]{16,}/g, (run) => (looksLikeToken(run) ? '[…]' : run))
    .slice(0, 200);
}

// Words joined by underscores are codes; anything long with digits, or very long, may be a credential.
function looksLikeToken(text: string): boolean {
  return text.length >= 16 && (/\d/.test(text) || text.length >= 40 || /[A-Z].*[a-z].*[A-Z]/.test(text));
}
