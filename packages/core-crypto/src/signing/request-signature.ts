import { createHmac, type KeyObject, randomBytes } from 'node:crypto';
import { constantTimeEqual } from '../digest.js';
import type { RandomBytes } from '../random-bytes.js';
import { buildStringToSign, formatTimestamp, hasIdentityLines, type SigningParts } from './string-to-sign.js';

const timestampPattern = /^\d{1,15}$/;
const noncePattern = /^[0-9a-f]{32}$/;
const sha256Pattern = /^[0-9a-f]{64}$/;

/** Headers that carry a signature, with the names of wire/1 section 4.1; the optional ones stand only where they are covered. */
export type SignedHeaders = {
  'X-Alter-Timestamp': string;
  'X-Alter-Nonce': string;
  'X-Alter-Content-SHA256': string;
  'X-Alter-Signature': string;
  'X-Alter-Signature-V2'?: string;
  'X-Alter-Scope-Constraints'?: string;
  'X-Alter-Request-Rule'?: string;
  'X-Alter-Caller'?: string;
  'X-Alter-Caller-Type'?: string;
  'X-Alter-Actor-ID'?: string;
  'X-Alter-Context'?: string;
};

/** A fresh nonce: 16 random bytes as 32 lowercase hex characters. */
export function createNonce(random: RandomBytes = randomBytes): string {
  return Buffer.from(random(16)).toString('hex');
}

/** Signs a request; `isV2` says that the same hex also goes into `X-Alter-Signature-V2` (wire/1 section 3). */
export function signRequest(
  signingKey: KeyObject | Uint8Array,
  parts: SigningParts,
): { signature: string; isV2: boolean } {
  return { signature: computeSignature(signingKey, parts), isV2: hasIdentityLines(parts) };
}

/** Signs a request and gives every header that the signature covers or is carried in. */
export function buildSignedHeaders(signingKey: KeyObject | Uint8Array, parts: SigningParts): SignedHeaders {
  const { signature, isV2 } = signRequest(signingKey, parts);
  return {
    'X-Alter-Timestamp': formatTimestamp(parts.timestamp),
    'X-Alter-Nonce': parts.nonce,
    'X-Alter-Content-SHA256': parts.bodySha256,
    'X-Alter-Signature': signature,
    ...(isV2 && { 'X-Alter-Signature-V2': signature }),
    ...(parts.scopeConstraints && { 'X-Alter-Scope-Constraints': parts.scopeConstraints }),
    ...(parts.requestRule && { 'X-Alter-Request-Rule': parts.requestRule }),
    ...(parts.caller && { 'X-Alter-Caller': parts.caller }),
    ...(parts.callerType && { 'X-Alter-Caller-Type': parts.callerType }),
    ...(parts.actorId && { 'X-Alter-Actor-ID': parts.actorId }),
    ...(parts.context && { 'X-Alter-Context': parts.context }),
  };
}

/**
 * Whether `signatureHex` (64 lowercase hex characters) is the signature of these parts; constant-time compare (T1).
 * Give every covered header that the request has, so that one that was added later breaks the signature.
 * Also false when timestamp, nonce or body hash are not in their wire form: a decoded path may hold line
 * feeds, and only fixed forms of the lines after it keep the signed string unambiguous.
 * Does not check the clock, the nonce's first use or the body against its hash.
 */
export function verifySignature(
  signingKey: KeyObject | Uint8Array,
  parts: SigningParts,
  signatureHex: string,
): boolean {
  if (!sha256Pattern.test(signatureHex) || !hasWireForm(parts)) return false;
  return constantTimeEqual(computeSignature(signingKey, parts), signatureHex);
}

// Hex instead of a Buffer: the digest call is measurably cheaper when it makes no Buffer of its own.
function computeSignature(signingKey: KeyObject | Uint8Array, parts: SigningParts): string {
  return createHmac('sha256', signingKey).update(buildStringToSign(parts), 'utf8').digest('hex');
}

function hasWireForm(parts: SigningParts): boolean {
  return (
    timestampPattern.test(formatTimestamp(parts.timestamp)) &&
    noncePattern.test(parts.nonce) &&
    sha256Pattern.test(parts.bodySha256)
  );
}
