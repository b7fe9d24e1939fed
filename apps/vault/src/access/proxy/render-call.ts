import { isReservedCallHeader, type ProxyRequest, type TokenRequest } from '@alter-ai/core-contract';
import { dropQuery, encodeStrict, type InjectableRequest, isHeaderValue } from '@alter-ai/core-crypto';
import { ApiError } from '../../http/api-error.js';

/** Longest URL of a proxied call, its query and a credential in it included (wire/3 section 1.2). */
export const urlCharactersMax = 65_536;
const namePattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const methodPattern = /^[A-Z][A-Z-]{0,31}$/;
const refusedMethods: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);
const userAgent = 'alter-vault';

/** The fields that a call has in every form. */
export type CallFields = Omit<ProxyRequest, 'body' | 'body_b64'>;

/** The body of a call and the type that goes with it, where it has one. */
export interface CallContent {
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  readonly type: string | undefined;
  /** The bytes follow as a stream. */
  readonly isStreamed?: boolean;
}

/** The call as the checks of `/sdk/token` take it. @throws ApiError `invalid_request` */
export function describeTarget(fields: CallFields): TokenRequest {
  const { grant_id, provider_id, account, label, user_token, reason } = fields;
  const method = fields.method.toUpperCase();
  return {
    ...(grant_id === undefined ? {} : { grant_id }),
    ...(provider_id === undefined ? {} : { provider_id }),
    account,
    label,
    user_token,
    reason,
    request: { method, url: fields.url },
  };
}

/** The body of `POST /sdk/proxy` as bytes. */
export function readContent({ body, body_b64: base64 }: ProxyRequest): CallContent {
  if (typeof base64 === 'string') return { bytes: copyBytes(Buffer.from(base64, 'base64')), type: undefined };
  if (body === undefined || body === null) return { bytes: undefined, type: undefined };
  return { bytes: copyBytes(Buffer.from(JSON.stringify(body), 'utf8')), type: 'application/json' };
}

/**
 * The call as it goes to the provider, without its credential (E3): query parameters merged, headers checked.
 * @param injected lower-case names of the headers that the credential sets
 * @throws ApiError `invalid_request`, `header_not_allowed`, `query_too_long`
 */
export function renderCall(
  fields: CallFields,
  content: CallContent,
  requiredHeaders: Readonly<Record<string, string>>,
  injected: ReadonlySet<string>,
): InjectableRequest {
  const method = fields.method.toUpperCase();
  if (!methodPattern.test(method) || refusedMethods.has(method)) {
    throw new ApiError('invalid_request', {
      message: 'method is not one that can be called.',
      fields: { field: 'method' },
    });
  }
  const url = mergeQuery(fields.url, fields.query_params ?? {});
  checkUrlLength(url);
  const headers: Record<string, string> = { 'user-agent': userAgent };
  if (content.type !== undefined) headers['content-type'] = content.type;
  for (const [name, value] of Object.entries(requiredHeaders)) headers[name.toLowerCase()] = value;
  Object.assign(headers, checkHeaders(fields.headers ?? {}, injected));
  // What comes back is searched for the credential, which nobody can do in compressed bytes.
  headers['accept-encoding'] = 'identity';
  return { method, url, headers, body: content.bytes, isBodyStreamed: content.isStreamed === true };
}

/** @throws ApiError `query_too_long` */
export function checkUrlLength(url: URL): void {
  if (url.href.length <= urlCharactersMax) return;
  throw new ApiError('query_too_long', { fields: { limit_characters: urlCharactersMax } });
}

function mergeQuery(text: string, params: NonNullable<CallFields['query_params']>): URL {
  const url = new URL(text);
  url.hash = '';
  const entries = Object.entries(params);
  if (entries.length === 0) return url;
  try {
    const added = entries.flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map(
        // As the published client's own requests write it: null is an empty value.
        (each) => `${encodeStrict(name)}=${each === null ? '' : encodeStrict(String(each))}`,
      ),
    );
    return dropQuery(url, Object.keys(params), added);
  } catch {
    throw new ApiError('invalid_request', {
      message: 'query_params: not well-formed Unicode',
      fields: { field: 'query_params' },
    });
  }
}

function checkHeaders(
  given: Readonly<Record<string, string>>,
  injected: ReadonlySet<string>,
): Record<string, string> {
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const lowerName = name.trim().toLowerCase();
    const refuse = (why: string) =>
      new ApiError('header_not_allowed', {
        message: `A header of the call ${why}.`,
        fields: { field: 'headers', ...(namePattern.test(name) ? { header: lowerName } : {}) },
      });
    if (isReservedCallHeader(name)) throw refuse('belongs to the connection or to the credential');
    if (!namePattern.test(name)) throw refuse('has a name that is none');
    if (injected.has(lowerName)) throw refuse('belongs to the credential');
    if (!isHeaderValue(value)) throw refuse('has a value with a character that no header can hold');
    if (Object.hasOwn(checked, lowerName)) throw refuse('is given twice');
    checked[lowerName] = value;
  }
  return checked;
}

function copyBytes(buffer: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer);
}
