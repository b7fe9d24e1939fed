import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** Signing key of an API key: HMAC-SHA256 with the key's UTF-8 bytes over `alter-signing-v1`, 32 bytes (wire/1 section 3). */
export function deriveSigningKey(apiKey: string): Buffer {
  return createHmac('sha256', apiKey).update('alter-signing-v1').digest();
}

/** The signing key as a prepared KeyObject, which signs and verifies several times faster than raw bytes. */
export function deriveSigningKeyObject(apiKey: string): KeyObject {
  return createSecretKey(deriveSigningKey(apiKey));
}

/**
 * Public id of an API key: the first 32 hex characters of HMAC-SHA256 with the key over `alter-key-id-v1`.
 * Sent as `X-Alter-Key-Id` in place of the key, so that a captured request holds no secret (T1).
 */
export function deriveKeyId(apiKey: string): string {
  return createHmac('sha256', apiKey).update('alter-key-id-v1').digest('hex').slice(0, 32);
}

/** What the database finds a key by: HMAC-SHA256 of its key id under a key that is not in the database, hex (K5). */
export function lookupDigest(lookupKey: KeyObject, keyId: string): string {
  return createHmac('sha256', lookupKey).update(keyId, 'utf8').digest('hex');
}
