import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { RandomBytes } from '../random-bytes.js';
import { OpenError } from './open-error.js';
import { computeFingerprint } from './root-key.js';
import { type DataKey, open, type SealContext, seal } from './sealed-record.js';

const keyBytes = 32;

/** Key-encryption key of one app; `id` is its fingerprint and stands in what it wraps (K2). */
export type AppKey = { id: string; key: KeyObject };

/**
 * How often one data key may seal (K3). NIST SP 800-38D section 8.3 allows 2^32 seals under one key with random 96-bit nonces, at
 * which two nonces are equal with a probability of 2^-33; after 2^24 it is 2^-49, for each of as many keys as there are.
 */
export const dataKeyUsesMax = 2 ** 24;

/** A new key-encryption key for an app. */
export function generateAppKey(random: RandomBytes = randomBytes): AppKey {
  return toAppKey(random(keyBytes));
}

/** An app's key from its 32 bytes, once they are unwrapped. Throws OpenError when they are not 32. */
export function importAppKey(bytes: Uint8Array): AppKey {
  if (bytes.length !== keyBytes) throw new OpenError();
  return toAppKey(bytes);
}

/** Where an app's key is wrapped: it unwraps for no other app (K2). */
export function placeAppKey(appId: string): SealContext {
  return { table: 'app_keys', rowId: appId, appId, field: 'wrapped_key' };
}

/** A new data key named `id` (1 to 255 printable ASCII characters, unique within the vault). */
export function generateDataKey(id: string, random: RandomBytes = randomBytes): DataKey {
  return { id, key: createSecretKey(random(keyBytes)) };
}

/** Wraps a data key with its app's key; `readKeyId` of the result is the app key's id. */
export function wrapDataKey(appKey: AppKey, appId: string, dataKey: DataKey): Buffer {
  return seal(appKey, dataKeyContext(appId, dataKey.id), dataKey.key.export());
}

/** Unwraps the data key named `id`. Throws OpenError: other app key, other app, other id, changed bytes. */
export function unwrapDataKey(appKey: AppKey, appId: string, id: string, wrapped: Uint8Array): DataKey {
  const bytes = openKeyBytes(() => open(appKey, dataKeyContext(appId, id), wrapped));
  return { id, key: createSecretKey(bytes) };
}

/** Counts the uses of one data key against a limit; the owner stores `used()` and makes a new key when `tryUse` says no. */
export type DataKeyCounter = { tryUse: (count?: number) => boolean; used: () => number };

/** A counter that starts at `usedBefore`; `tryUse(count)` takes the uses and is true, or takes none and is false. */
export function createDataKeyCounter(usedBefore = 0, usesMax = dataKeyUsesMax): DataKeyCounter {
  let used = usedBefore;
  return {
    tryUse: (count = 1) => {
      if (!Number.isInteger(count) || count < 1 || !(used + count <= usesMax)) return false;
      used += count;
      return true;
    },
    used: () => used,
  };
}

function toAppKey(bytes: Uint8Array): AppKey {
  const key = createSecretKey(bytes);
  return { id: computeFingerprint(key), key };
}

function openKeyBytes(openBytes: () => Buffer): Buffer {
  const bytes = openBytes();
  if (bytes.length !== keyBytes) throw new OpenError();
  return bytes;
}

function dataKeyContext(appId: string, id: string): SealContext {
  return { table: 'data_keys', rowId: id, appId, field: 'wrapped_key' };
}
