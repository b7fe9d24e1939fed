import { createSecretKey, randomBytes } from 'node:crypto';
import { OpenError, openWithRoot, type RootKey, readKeyId, sealWithRoot } from '@alter-ai/core-crypto';
import type { Storage } from '../storage/database/storage.js';
import { hasApps, insertMetaOnce, readMeta } from '../storage/keys/meta.js';
import { ConfigurationError } from './configuration-error.js';

const metaKey = 'vault_key';
const context = { table: 'meta', rowId: metaKey, appId: '', field: 'value' };
const keyBytes = 32;

/**
 * The vault's own key: random, sealed by the root key in `meta`, and what every derived key comes from, so that those survive a
 * change of the root key. Being sealed by the root key it is also the canary that a wrong one does not open (K4).
 */
export async function openVaultKey(storage: Storage, rootKey: RootKey): Promise<RootKey> {
  await checkRootKey(storage, rootKey);
  const sealed =
    (await readMeta(storage, metaKey)) ??
    (await insertMetaOnce(storage, metaKey, sealWithRoot(rootKey, context, randomBytes(keyBytes))));
  const bytes = openSealed(rootKey, sealed);
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return { id: 'vault', key };
}

/**
 * Checks that the root key is the one of these data. Reads only, and works before `migrate`, so that a wrong key is noticed
 * before any write (K4). Throws ConfigurationError with the ids of both keys; an id tells nothing about its key.
 */
export async function checkRootKey(storage: Storage, rootKey: RootKey): Promise<void> {
  const sealed = await readMeta(storage, metaKey);
  if (sealed !== null) {
    openSealed(rootKey, sealed).fill(0);
    return;
  }
  if (await hasApps(storage)) {
    throw new ConfigurationError(
      'The database has lost the record that its keys depend on (meta vault_key). Restore a backup.',
    );
  }
}

function openSealed(rootKey: RootKey, sealed: Buffer): Buffer {
  try {
    const bytes = openWithRoot(rootKey, context, sealed);
    if (bytes.length === keyBytes) return bytes;
  } catch (error) {
    if (!(error instanceof OpenError)) throw error;
  }
  throw new ConfigurationError(describeMismatch(rootKey.id, readSealedKeyId(sealed)));
}

function describeMismatch(givenId: string, sealedId: string | null): string {
  if (sealedId === null || sealedId === givenId) {
    return 'The record that the keys of the database depend on (meta vault_key) is damaged. Restore a backup.';
  }
  return `The root key does not belong to this database: it was sealed with root key ${sealedId}, and the given one is ${givenId}. Set ALTER_VAULT_ROOT_KEY (or ALTER_VAULT_ROOT_KEY_FILE) to the key that these data were made with. Nothing was changed.`;
}

function readSealedKeyId(sealed: Buffer): string | null {
  try {
    return readKeyId(sealed);
  } catch {
    return null;
  }
}
