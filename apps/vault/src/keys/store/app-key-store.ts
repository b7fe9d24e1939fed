import {
  type AppKey,
  generateAppKey,
  importAppKey,
  OpenError,
  placeAppKey,
  readKeyId,
} from '@alter-ai/core-crypto';
import type { Storage } from '../../storage/database/storage.js';
import { findWrappedAppKey } from '../../storage/keys/data-keys.js';
import { UnknownRootKeyError } from '../root/key-service-error.js';
import type { RootKeyProvider, RootKeys } from '../root/root-key-provider.js';
import { readVaultKeyId } from '../vault-key.js';

const cachedMax = 10_000;

/** An app's key as it is now, with the stored form that it was unwrapped from; null before the app's row is there. */
export interface LoadedAppKey {
  readonly appKey: AppKey;
  readonly wrapped: Buffer | null;
}

/** The key-encryption keys of apps (K2). */
export interface AppKeyStore {
  /** The app's current key. The stored form is read each time, and unwrapped only when it has changed. Throws OpenError, KeyServiceError, UnknownRootKeyError. */
  load(appId: string): Promise<LoadedAppKey>;
  /** A new key for an app whose row is stored later, wrapped; remembered until then. */
  create(appId: string): Promise<Buffer>;
  /** A new key, wrapped; nothing is remembered. */
  generate(appId: string): Promise<{ appKey: AppKey; wrapped: Buffer }>;
  /** Drops what is in memory of an app. */
  forget(appId: string): void;
}

/** Keys in `apps.wrapped_key`. */
export function createAppKeyStore(deps: { storage: Storage; rootKeys: RootKeys }): AppKeyStore {
  const { storage, rootKeys } = deps;
  const unwrapped = new Map<string, { appKey: AppKey; wrapped: Buffer }>();
  const created = new Map<string, AppKey>();

  async function generate(appId: string): Promise<{ appKey: AppKey; wrapped: Buffer }> {
    const appKey = generateAppKey();
    const provider = await findWrapper(storage, rootKeys);
    return { appKey, wrapped: await provider.wrap(placeAppKey(appId), appKey.key.export()) };
  }

  return {
    generate,
    load: async (appId) => {
      const wrapped = await findWrappedAppKey(storage, appId);
      if (wrapped === null) {
        const appKey = created.get(appId);
        if (appKey === undefined) throw new OpenError();
        return { appKey, wrapped };
      }
      created.delete(appId);
      const known = unwrapped.get(appId);
      if (known?.wrapped.equals(wrapped) === true) return known;
      const loaded = { appKey: await unwrapAppKey(rootKeys, appId, wrapped), wrapped };
      if (unwrapped.size >= cachedMax) unwrapped.clear();
      unwrapped.set(appId, loaded);
      return loaded;
    },
    create: async (appId) => {
      const { appKey, wrapped } = await generate(appId);
      created.set(appId, appKey);
      return wrapped;
    },
    forget: (appId) => {
      unwrapped.delete(appId);
      created.delete(appId);
    },
  };
}

/** Unwraps an app's key by the root key that its stored form names. Throws OpenError, KeyServiceError, UnknownRootKeyError. */
export async function unwrapAppKey(rootKeys: RootKeys, appId: string, wrapped: Buffer): Promise<AppKey> {
  const id = readKeyId(wrapped);
  const provider = rootKeys.find(id);
  if (provider === undefined) throw new UnknownRootKeyError(id);
  const bytes = await provider.unwrap(placeAppKey(appId), wrapped);
  const appKey = importAppKey(bytes);
  bytes.fill(0);
  return appKey;
}

/**
 * What new app keys are wrapped with: the key that the data are under, and this process's own newest one only once a rotation has moved
 * them to it. Processes that do not have the newest one yet can use every app until then (K3).
 */
async function findWrapper(storage: Storage, rootKeys: RootKeys): Promise<RootKeyProvider> {
  const id = await readVaultKeyId(storage);
  if (id === null || id === rootKeys.forVault.id) return rootKeys.forApps;
  const provider = rootKeys.find(id);
  if (provider === undefined) throw new UnknownRootKeyError(id);
  return provider;
}
