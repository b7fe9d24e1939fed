import { signatureSkewSecondsMax } from '@alter-ai/core-contract';
import { sha256Hex, verifySignature } from '@alter-ai/core-crypto';
import type { VaultDeps } from '../../deps.js';
import { ApiError } from '../api-error.js';
import type { RequestHead } from '../intake/request-head.js';
import { isAddressInside } from '../limits/source-address.js';
import type { KeyCaller } from '../request-context.js';
import { readCallerIdentity } from './caller-identity.js';
import type { KeyFinder, PreparedKey } from './key-finder.js';
import { narrowScopes } from './key-scopes.js';
import { readSignedHeaders, type SignedRequestHeaders } from './signed-headers.js';

/** What is known of a request's key when it is refused, for the audit record. */
export interface RefusedKey {
  appId?: string;
  apiKeyId?: string;
  keyPrefix?: string;
}

/** One request to authenticate. */
export interface AuthenticationInput {
  readonly head: RequestHead;
  readonly sourceAddress: string;
  /** Filled as far as the check came. */
  readonly seen: RefusedKey;
}

/** Who signed a request, and the digest of the body that belongs to it. */
export interface AuthenticatedRequest {
  readonly caller: KeyCaller;
  /** SHA-256 in hex, to be compared by {@link requireSignedBody} once the body is there. */
  readonly contentSha256: string;
}

/**
 * Verifies a signed request by its head (wire/1 section 3, T1) and says who is calling. The nonce is looked at, not claimed.
 * @throws ApiError with one of the codes of `keyErrors`
 */
export async function authenticateKey(
  deps: VaultDeps,
  finder: KeyFinder,
  input: AuthenticationInput,
): Promise<AuthenticatedRequest> {
  const { head, seen } = input;
  const headers = readSignedHeaders(head);
  const key = await finder.find(headers.apiKey, headers.keyId);
  seen.appId = key.row.app_id;
  seen.apiKeyId = key.row.id;
  seen.keyPrefix = key.row.key_prefix;
  checkSignature(head, headers, key);
  finder.remember(headers.apiKey, headers.keyId);
  const nowMs = deps.clock();
  const timestampSeconds = checkTimestamp(headers.timestamp, nowMs);
  refuseBeforeRestore(deps.signedAfterSeconds, timestampSeconds, nowMs);
  checkKeyState(key, input.sourceAddress, nowMs);
  const nonceClaim = { apiKeyId: key.row.id, nonce: headers.nonce, timestampSeconds };
  if (deps.audit.wasNonceSeen(nonceClaim)) throw new ApiError('nonce_reused');
  if (headers.requestRule !== undefined) {
    throw new ApiError('not_supported_yet', {
      message: 'X-Alter-Request-Rule is not supported by this server yet.',
      fields: { field: 'x-alter-request-rule' },
    });
  }
  const scopes = narrowScopes(key.scopes, headers.scopeConstraints);
  const identity = await readCallerIdentity(deps, key.row.app_id, headers);
  const caller = {
    appId: key.row.app_id,
    appVersion: key.row.app_version,
    apiKeyId: key.row.id,
    keyPrefix: key.row.key_prefix,
    scopes,
    nonceClaim,
    ...identity,
  };
  return { caller, contentSha256: headers.contentSha256 };
}

/** Compares a body with the digest that was signed. @throws ApiError `invalid_signature` */
export function requireSignedBody(body: Uint8Array, contentSha256: string): void {
  if (sha256Hex(body) === contentSha256) return;
  throw new ApiError('invalid_signature', { message: 'The body is not the one that was signed.' });
}

function checkSignature(head: RequestHead, headers: SignedRequestHeaders, key: PreparedKey): void {
  const isRight = verifySignature(
    key.signingKey,
    {
      method: head.method,
      target: head.target,
      timestamp: headers.timestamp,
      nonce: headers.nonce,
      bodySha256: headers.contentSha256,
      scopeConstraints: headers.scopeConstraints,
      requestRule: headers.requestRule,
      caller: headers.caller,
      callerType: headers.callerType,
      actorId: headers.actorId,
      context: headers.context,
    },
    headers.signature,
  );
  if (!isRight || (headers.signatureV2 !== undefined && headers.signatureV2 !== headers.signature)) {
    throw new ApiError('invalid_signature');
  }
}

function checkTimestamp(text: string, nowMs: number): number {
  const seconds = Number(text);
  const nowSeconds = Math.floor(nowMs / 1000);
  if (Math.abs(nowSeconds - seconds) > signatureSkewSecondsMax) {
    throw new ApiError('timestamp_out_of_range', { fields: { server_time: nowSeconds } });
  }
  return seconds;
}

/** After a restore: what was signed before may have been accepted already, by the server that the backup was made of (T1). */
function refuseBeforeRestore(
  signedAfterSeconds: number | undefined,
  timestampSeconds: number,
  nowMs: number,
): void {
  if (signedAfterSeconds === undefined || timestampSeconds > signedAfterSeconds) return;
  throw new ApiError('service_unavailable', {
    message: `This vault was restored from a backup. Requests signed after ${new Date(signedAfterSeconds * 1000).toISOString()} are accepted.`,
    retryAfterSeconds: Math.max(1, Math.ceil(signedAfterSeconds + 1 - nowMs / 1000)),
  });
}

function checkKeyState(key: PreparedKey, sourceAddress: string, nowMs: number): void {
  if (key.row.revoked_at !== null) throw new ApiError('key_revoked');
  if (key.row.expires_at !== null && key.row.expires_at <= nowMs) throw new ApiError('key_expired');
  if (key.allowedNetworks !== null && !isAddressInside(sourceAddress, key.allowedNetworks)) {
    throw new ApiError('ip_not_allowed', { fields: { source_address: sourceAddress } });
  }
}
