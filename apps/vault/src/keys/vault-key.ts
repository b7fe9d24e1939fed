import { createSecretKey, randomBytes } from 'node:crypto';
import { OpenError, type RootKey, readKeyId } from '@alter-ai/core-crypto';
import type { Storage } from '../storage/database/storage.js';
import { hasApps, insertMetaOnce, readMeta } from '../storage/keys/meta.js';
import { ConfigurationError, RootKeyMismatchError } from './configuration-error.js';
import { KeyServiceError } from './root/key-service-error.js';
import type { RootKeys } from './root/root-key-provider.js';

/** Where the vault's own key is in `meta`. */
export const vaultKeyName = 'vault_key';
/** The place that it is wrapped for. */
export const vaultKeyPlace = { table: 'meta', rowId: vaultKeyName, appId: '', field: 'value' };
const keyBytes = 32;

/**
 * The vault's own key: random, wrapped by the root key in `meta`, and what every derived key comes from, so that those survive a
 * change of the root key. Being wrapped by the root key it is also the canary that a wrong one does not open (K4).
 */
export async function openVaultKey(storage: Storage, rootKeys: RootKeys): Promise<RootKey> {
  await checkRootKey(storage, rootKeys);
  const wrapped = (await readMeta(storage, vaultKeyName)) ?? (await createVaultKey(storage, rootKeys));
  const bytes = await unwrapVaultKey(rootKeys, wrapped);
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return { id: 'vault', key };
}

/**
 * Checks that the root key is the one of these data. Reads only, and works before `migrate`, so that a wrong key is noticed
 * before any write (K4). Throws ConfigurationError with the ids of both keys; an id tells nothing about its key.
 */
export async function checkRootKey(storage: Storage, rootKeys: RootKeys): Promise<void> {
  const wrapped = await readMeta(storage, vaultKeyName);
  if (wrapped !== null) {
    (await unwrapVaultKey(rootKeys, wrapped)).fill(0);
    return;
  }
  if (await hasApps(storage)) {
    throw new ConfigurationError(
      'The database has lost the record that its keys depend on (meta vault_key). Restore a backup.',
    );
  }
}

/** Checks that the root key is the one of data whose wrapped vault key is at hand, such as a backup's. Throws ConfigurationError. */
export async function checkVaultKey(rootKeys: RootKeys, wrapped: Buffer): Promise<void> {
  (await unwrapVaultKey(rootKeys, wrapped)).fill(0);
}

/** The id of the root key that these data are under: what new keys are wrapped with, until a rotation moves it (K3). */
export async function readVaultKeyId(storage: Storage): Promise<string | null> {
  const wrapped = await readMeta(storage, vaultKeyName);
  return wrapped === null ? null : readKeyId(wrapped);
}

async function createVaultKey(storage: Storage, rootKeys: RootKeys): Promise<Buffer> {
  const bytes = randomBytes(keyBytes);
  try {
    const wrapped = await rootKeys.forVault.wrap(vaultKeyPlace, bytes);
    return await insertMetaOnce(storage, vaultKeyName, wrapped);
  } catch (error) {
    throw toStartError(error);
  } finally {
    bytes.fill(0);
  }
}

async function unwrapVaultKey(rootKeys: RootKeys, wrapped: Buffer): Promise<Buffer> {
  const sealedId = readWrappedKeyId(wrapped);
  if (sealedId === null) throw new ConfigurationError(describeDamage(''));
  const rootKey = rootKeys.find(sealedId);
  if (rootKey === undefined) throw new RootKeyMismatchError(describeMismatch(rootKeys, sealedId));
  try {
    const bytes = await rootKey.unwrap(vaultKeyPlace, wrapped);
    if (bytes.length === keyBytes) return bytes;
  } catch (error) {
    if (!(error instanceof OpenError)) throw toStartError(error);
  }
  throw new ConfigurationError(describeDamage(rootKey.id));
}

/** What the operator has to change ends the start as a refused configuration; what passes by itself does not. */
function toStartError(error: unknown): unknown {
  return error instanceof KeyServiceError && error.isRefused ? new ConfigurationError(error.message) : error;
}

function describeMismatch(rootKeys: RootKeys, sealedId: string): string {
  const [first = '', ...others] = [...new Set(rootKeys.all.map((key) => key.id))].filter(isOwnName);
  const given =
    others.length === 0 ? `the given one is ${first}` : `the given ones are ${[first, ...others].join(', ')}`;
  const place = sealedId.startsWith('transit:')
    ? 'ALTER_VAULT_KMS_KEY (with ALTER_VAULT_KMS_URL, _MOUNT and _NAMESPACE)'
    : 'ALTER_VAULT_ROOT_KEY (or ALTER_VAULT_ROOT_KEY_FILE)';
  return `The root key does not belong to this database: it was sealed with root key ${sealedId}, and ${given}. Set ${place} to the key that these data were made with. Nothing was changed.`;
}

/** Keys that only wrap those of apps are no answer to "which root key". */
function isOwnName(id: string): boolean {
  return !id.endsWith('-app-*') && !id.endsWith('+folder');
}

function describeDamage(id: string): string {
  if (id.startsWith('transit:')) {
    return `The key ${id} does not open this database: it is another key of the same name, or the record that the keys of the database depend on (meta vault_key) is damaged. Nothing was changed.`;
  }
  return 'The record that the keys of the database depend on (meta vault_key) is damaged. Restore a backup.';
}

function readWrappedKeyId(wrapped: Buffer): string | null {
  try {
    return readKeyId(wrapped);
  } catch {
    return null;
  }
}
