import { createHash, createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import type { RandomBytes } from '../random-bytes.js';
import { open, type SealContext, seal } from './sealed-record.js';

const keyBytes = 32;
const hkdfSalt = Buffer.from('alter-vault', 'ascii');

/** The root key and its public id: 16 hex characters that name the key and tell nothing about it (K2, K4). */
export type RootKey = { id: string; key: KeyObject };

/** A root key that cannot be used; the message says what is wrong and never holds the value. */
export class RootKeyError extends Error {
  readonly code = 'root_key_invalid';

  constructor(message: string) {
    super(message);
    this.name = 'RootKeyError';
  }
}

/** Reads a root key: base64 of exactly 32 bytes, white space around it allowed (files end in a newline). Throws RootKeyError. */
export function parseRootKey(base64: string): RootKey {
  const text = base64.trim();
  if (text === '') throw new RootKeyError('The root key is empty; it must be 32 bytes in base64.');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    throw new RootKeyError('The root key is not base64; it must be 32 bytes in base64.');
  }
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== keyBytes) {
    throw new RootKeyError(`The root key has ${bytes.length} bytes; it must be 32 bytes in base64.`);
  }
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return { id: computeFingerprint(key), key };
}

/** A new root key as base64, in the form that `parseRootKey` reads. */
export function generateRootKey(random: RandomBytes = randomBytes): string {
  return Buffer.from(random(keyBytes)).toString('base64');
}

/** Public name of a key: first 16 hex characters of SHA-256 over an HMAC made with it, so no bytes of the key. */
export function computeFingerprint(key: KeyObject): string {
  const tag = createHmac('sha256', key).update('alter-key-fingerprint-v1').digest();
  return createHash('sha256').update(tag).digest('hex').slice(0, 16);
}

/** A 256-bit key for one purpose (`cookie`, `wallet`, …), from the root key by HKDF-SHA256 (RFC 5869). */
export function deriveKey(root: RootKey, label: string): KeyObject {
  return expandKey(root.key, `alter-derived-key-v1:${label}`);
}

/** Seals a value that must be readable before any app key is (canary, meta values, app keys). */
export function sealWithRoot(root: RootKey, context: SealContext, plaintext: string | Uint8Array): Buffer {
  return seal(deriveSealingKey(root), context, plaintext);
}

/** Opens what `sealWithRoot` made. Throws OpenError. */
export function openWithRoot(root: RootKey, context: SealContext, sealed: Uint8Array): Buffer {
  return open(deriveSealingKey(root), context, sealed);
}

// The root key itself only ever derives: one key is never used by two algorithms.
function deriveSealingKey(root: RootKey): RootKey {
  return { id: root.id, key: expandKey(root.key, 'alter-root-seal-v1') };
}

function expandKey(key: KeyObject, info: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', key, hkdfSalt, info, keyBytes)));
}
