import * as crypto from 'node:crypto';

// The one-shot function takes half the time; Node 20 below 20.12, which the published library supports, lacks it.
const hashOnce: ((bytes: string | Uint8Array) => string) | undefined =
  'hash' in crypto ? (bytes) => crypto.hash('sha256', bytes, 'hex') : undefined;

/** SHA-256 as 64 lowercase hex characters; a string is hashed as UTF-8. */
export function sha256Hex(bytes: string | Uint8Array): string {
  return hashOnce?.(bytes) ?? crypto.createHash('sha256').update(bytes).digest('hex');
}

// Reading the digest as text and writing its characters back costs a quarter of having the digest itself made into a buffer.
const hashLatin1: ((bytes: string | Uint8Array) => string) | undefined =
  'hash' in crypto ? (bytes) => crypto.hash('sha256', bytes, 'binary') : undefined;

/** SHA-256 as 32 bytes; a string is hashed as UTF-8. */
export function sha256(bytes: string | Uint8Array): Buffer {
  return Buffer.from(
    hashLatin1?.(bytes) ?? crypto.createHash('sha256').update(bytes).digest('binary'),
    'latin1',
  );
}

/**
 * What is stored in place of a session token, state or cookie value: its SHA-256 as 64 lowercase hex characters.
 * Only for random tokens of at least 128 bits; a plain hash protects nothing that can be guessed.
 */
export function hashToken(token: string): string {
  return sha256Hex(token);
}

/** Whether two values are equal, in time that depends on their lengths only (strings count as UTF-8). */
export function constantTimeEqual(a: string | Uint8Array, b: string | Uint8Array): boolean {
  const left = typeof a === 'string' ? Buffer.from(a, 'utf8') : a;
  const right = typeof b === 'string' ? Buffer.from(b, 'utf8') : b;
  return left.byteLength === right.byteLength && crypto.timingSafeEqual(left, right);
}
