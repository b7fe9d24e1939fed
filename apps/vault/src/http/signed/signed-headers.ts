import { headerNames } from '@alter-ai/core-contract';
import { ApiError } from '../api-error.js';
import type { RequestHead } from '../intake/request-head.js';

/** The headers of a signed request as they arrived; absent and empty are alike. */
export interface SignedRequestHeaders {
  readonly apiKey: string | undefined;
  readonly keyId: string | undefined;
  readonly timestamp: string;
  readonly nonce: string;
  readonly contentSha256: string;
  readonly signature: string;
  readonly signatureV2: string | undefined;
  readonly scopeConstraints: string | undefined;
  readonly requestRule: string | undefined;
  readonly caller: string | undefined;
  readonly callerType: string | undefined;
  readonly actorId: string | undefined;
  readonly context: string | undefined;
  readonly traceparent: string | undefined;
}

const protectedNames = new Set<string>([
  headerNames.apiKey,
  headerNames.keyId,
  headerNames.timestamp,
  headerNames.nonce,
  headerNames.contentSha256,
  headerNames.signature,
  headerNames.signatureV2,
  headerNames.scopeConstraints,
  headerNames.requestRule,
  headerNames.caller,
  headerNames.callerType,
  headerNames.actorId,
  headerNames.context,
]);

/**
 * Reads the headers of the signature (wire/1 section 4.1).
 * @throws ApiError `missing_signature`; `invalid_request` when one of them is there twice
 */
export function readSignedHeaders(head: RequestHead): SignedRequestHeaders {
  const { incoming } = head;
  const all = incoming?.headers;
  let hasJoined = false;
  const read = (name: string): string | undefined => {
    const value = all ? all[name] : head.header(name);
    if (typeof value !== 'string' || value === '') return undefined;
    // Node joins headers of one name so.
    if (value.includes(', ')) hasJoined = true;
    return value;
  };
  const need = (name: string): string => {
    const value = read(name);
    if (value === undefined) throw missing(name);
    return value;
  };
  const apiKey = read(headerNames.apiKey);
  const keyId = read(headerNames.keyId);
  if (apiKey === undefined && keyId === undefined) throw missing(headerNames.apiKey);
  const headers = {
    apiKey,
    keyId,
    timestamp: need(headerNames.timestamp),
    nonce: need(headerNames.nonce),
    contentSha256: need(headerNames.contentSha256),
    signature: need(headerNames.signature),
    signatureV2: read(headerNames.signatureV2),
    scopeConstraints: read(headerNames.scopeConstraints),
    requestRule: read(headerNames.requestRule),
    caller: read(headerNames.caller),
    callerType: read(headerNames.callerType),
    actorId: read(headerNames.actorId),
    context: read(headerNames.context),
    traceparent: read('traceparent'),
  };
  if (incoming && hasJoined) refuseDuplicates(incoming.rawHeaders);
  return headers;
}

/** A proxy in front could read the first of two equal headers where this server reads both joined. */
function refuseDuplicates(rawHeaders: readonly string[]): void {
  const seen: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const raw = rawHeaders[index] ?? '';
    const first = raw.charCodeAt(0) | 0x20;
    if (first !== 0x78) continue;
    const name = raw.toLowerCase();
    if (!protectedNames.has(name)) continue;
    if (seen.includes(name)) {
      throw new ApiError('invalid_request', {
        message: `The header ${name} is there twice.`,
        fields: { field: name },
      });
    }
    seen.push(name);
  }
}

function missing(name: string): ApiError {
  return new ApiError('missing_signature', {
    message: `The request is not signed: the header ${name} is missing.`,
    fields: { field: name },
  });
}
