import type { z } from 'zod';
import type { ErrorCode } from '../errors.js';
import type { KeyScope } from '../scopes.js';

/**
 * Who may call an endpoint: `key` (signed with an API key), `session` (a connect session's token in the body, any
 * origin of that session), `page` (the hosted page in the session's own browser), `public` (everybody).
 */
export type EndpointAccess = 'key' | 'session' | 'page' | 'public';

/** One endpoint: from it come the server's route, the SDK's call and its entry in the OpenAPI document. */
export interface Endpoint<
  Request extends z.ZodType | null = z.ZodType | null,
  Response extends z.ZodType | null = z.ZodType | null,
> {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  /** Path with `{name}` placeholders. */
  readonly path: string;
  readonly access: EndpointAccess;
  /** Key scope that `access: 'key'` needs; null where any key may call. */
  readonly scope: KeyScope | null;
  readonly summary: string;
  /** Schema of the JSON body; null where there is none. */
  readonly request: Request;
  /** Schema of the JSON answer; null for 204. */
  readonly response: Response;
  readonly successStatus: 200 | 201 | 204;
  /** Codes beyond those that every endpoint can answer. */
  readonly errors: readonly ErrorCode[];
  /** Fields (dotted paths) that the schema takes and the server refuses with `not_supported_yet` when they are set. */
  readonly notSupportedYet: readonly string[];
}

/** Codes that every endpoint can answer. */
export const generalErrors = [
  'invalid_request',
  'unknown_field',
  'payload_too_large',
  'request_timeout',
  'unsupported_media_type',
  'rate_limit_exceeded',
  'internal_error',
  'service_unavailable',
] as const satisfies readonly ErrorCode[];

/** Codes that every endpoint with `access: 'key'` can answer. */
export const keyErrors = [
  'missing_signature',
  'invalid_signature',
  'timestamp_out_of_range',
  'nonce_reused',
  'invalid_key',
  'key_expired',
  'key_revoked',
  'insufficient_scope',
  'ip_not_allowed',
  'constraint_not_narrowing',
  'not_supported_yet',
] as const satisfies readonly ErrorCode[];

/** Builds an endpoint with its defaults. */
export function defineEndpoint<Request extends z.ZodType | null, Response extends z.ZodType | null>(
  facts: Pick<
    Endpoint<Request, Response>,
    'name' | 'method' | 'path' | 'access' | 'summary' | 'request' | 'response'
  > &
    Partial<Endpoint<Request, Response>>,
): Endpoint<Request, Response> {
  return { scope: null, successStatus: 200, errors: [], notSupportedYet: [], ...facts };
}
