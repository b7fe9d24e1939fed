import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { RandomBytes } from '../random-bytes.js';
import { OpenError } from './open-error.js';
import { computeFingerprint, openWithRoot, type RootKey, sealWithRoot } from './root-key.js';
import { type DataKey, open, type SealContext, seal } from './sealed-record.js';

const keyBytes = 32;

/** Key-encryption key of one app; `id` is its fingerprint and stands in what it wraps (K2). */
export type AppKey = { id: string; key: KeyObject };

/** How often one data key may seal: far below the 2^32 of NIST SP 800-38D section 8.3 for random nonces (K3). */
export const dataKeyUsesMax = 2 ** 24;

/** A new key-encryption key for an app. */
export function generateAppKey(random: RandomBytes = randomBytes): AppKey {
  return toAppKey(random(keyBytes));
}

/** Wraps an app's key with the root key; `readKeyId` of the result is the root key's id (K2). */
export function wrapAppKey(root: RootKey, appId: string, appKey: AppKey): Buffer {
  return sealWithRoot(root, appKeyContext(appId), appKey.key.export());
}

/** Unwraps an app's key. Throws OpenError: other root key, other app, changed bytes. */
export function unwrapAppKey(root: RootKey, appId: string, wrapped: Uint8Array): AppKey {
  return toAppKey(openKeyBytes(() => openWithRoot(root, appKeyContext(appId), wrapped)));
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

function appKeyContext(appId: string): SealContext {
  return { table: 'app_keys', rowId: appId, appId, field: 'wrapped_key' };
}

function dataKeyContext(appId: string, id: string): SealContext {
  return { table: 'data_keys', rowId: id, appId, field: 'wrapped_key' };
}
