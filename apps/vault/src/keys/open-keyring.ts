import {
  deriveKey,
  lookupDigest as digestLookup,
  OpenError,
  openText,
  type RootKey,
  readKeyId,
  type SealContext,
  seal,
} from '@alter-ai/core-crypto';
import type { Storage } from '../storage/database/storage.js';
import type { Keyring } from './keyring.js';
import { type RootKeys, toRootKeys } from './root/root-key-provider.js';
import { createAppKeyStore } from './store/app-key-store.js';
import { createDataKeyStore } from './store/data-key-store.js';
import { openVaultKey } from './vault-key.js';

/**
 * Opens the keys of a migrated database; a root key that is not the database's own is refused before any write (K4).
 * Throws ConfigurationError.
 */
export async function openKeyring(deps: {
  storage: Storage;
  rootKey: RootKey | RootKeys;
  clock: () => number;
  /** How often one data key may seal; `dataKeyUsesMax` unless a test says otherwise. */
  dataKeyUsesMax?: number;
}): Promise<Keyring> {
  const { storage, clock } = deps;
  const rootKeys = toRootKeys(deps.rootKey);
  const vaultKey = await openVaultKey(storage, rootKeys);
  const appKeys = createAppKeyStore({ storage, rootKeys });
  const dataKeys = createDataKeyStore({ storage, appKeys, clock, usesMax: deps.dataKeyUsesMax });
  const lookupKey = deriveKey(vaultKey, 'api-key-lookup');
  const metaKey = { id: 'vault-meta', key: deriveKey(vaultKey, 'meta') };
  const listeners: ((context: SealContext) => void)[] = [];
  let openFailures = 0;

  function reportFailure(context: SealContext): void {
    openFailures += 1;
    for (const listener of listeners) listener(context);
  }

  return {
    seal: async (context, plaintext) => {
      const dataKey = await dataKeys.takeSealingKey(context.appId);
      return seal(dataKey, context, plaintext);
    },
    open: async (context, sealed) => {
      try {
        const dataKey = await dataKeys.findKey(context.appId, readKeyId(sealed));
        return openText(dataKey, context, sealed);
      } catch (error) {
        if (error instanceof OpenError) reportFailure(context);
        throw error;
      }
    },
    openAny: async (contexts, sealed) => {
      for (const context of contexts) {
        try {
          const dataKey = await dataKeys.findKey(context.appId, readKeyId(sealed));
          return { context, plaintext: openText(dataKey, context, sealed) };
        } catch (error) {
          if (!(error instanceof OpenError)) throw error;
        }
      }
      const [first] = contexts;
      if (first !== undefined) reportFailure(first);
      throw new OpenError();
    },
    prepare: (appId) => dataKeys.prepare(appId),
    createAppKey: (appId) => appKeys.create(appId),
    lookupDigest: (keyId) => digestLookup(lookupKey, keyId),
    deriveKey: (label) => deriveKey(vaultKey, `purpose:${label}`),
    sealMeta: (name, plaintext) => seal(metaKey, placeMeta(name), plaintext),
    openMeta: (name, sealed) => {
      try {
        return openText(metaKey, placeMeta(name), sealed);
      } catch (error) {
        reportFailure(placeMeta(name));
        throw error;
      }
    },
    countOpenFailures: () => openFailures,
    onOpenFailure: (listener) => {
      listeners.push(listener);
    },
    rootKeys,
    appKeys,
    renewSealingKey: (appId) => dataKeys.renewSealingKey(appId),
    forgetApp: (appId) => {
      appKeys.forget(appId);
      dataKeys.forget(appId);
    },
  };
}

function placeMeta(name: string): SealContext {
  return { table: 'meta', rowId: name, appId: '', field: 'value' };
}
