import {
  type AppKey,
  createDataKeyCounter,
  type DataKey,
  type DataKeyCounter,
  generateAppKey,
  generateDataKey,
  OpenError,
  type RootKey,
  unwrapAppKey,
  unwrapDataKey,
  wrapAppKey,
  wrapDataKey,
} from '@alter-ai/core-crypto';
import { uuidv7 } from 'uuidv7';
import type { Storage } from '../storage/database/storage.js';
import { findWrappedAppKey, findWrappedDataKey, insertDataKey } from '../storage/keys/data-keys.js';

/** Data keys that stay unwrapped in memory. */
const cachedMax = 20_000;

/** The data keys of all apps: this process seals with keys of its own making, and opens with anybody's. */
export interface DataKeyStore {
  /** The key to seal with; makes and stores one where this process has none, or its use limit is reached (K3). */
  takeSealingKey(appId: string): Promise<DataKey>;
  /** The key with this id. Throws OpenError when there is none, or it does not unwrap. */
  findKey(appId: string, id: string): Promise<DataKey>;
  /** Makes sure that `takeSealingKey` needs no database. */
  prepare(appId: string): Promise<void>;
  /** A new app key, wrapped; remembered, since its row is stored later. */
  createAppKey(appId: string): Promise<Buffer>;
}

interface SealingKey {
  readonly dataKey: DataKey;
  readonly counter: DataKeyCounter;
}

/** Data keys in the database, each wrapped by its app's key, which the root key wraps (K2). */
export function createDataKeyStore(deps: {
  storage: Storage;
  rootKey: RootKey;
  clock: () => number;
  usesMax?: number | undefined;
}): DataKeyStore {
  const { storage, rootKey, clock, usesMax } = deps;
  const sealing = new Map<string, SealingKey>();
  const creating = new Map<string, Promise<SealingKey>>();
  const known = new Map<string, DataKey>();
  const newAppKeys = new Map<string, AppKey>();

  async function loadAppKey(appId: string): Promise<AppKey> {
    const wrapped = await findWrappedAppKey(storage, appId);
    if (wrapped !== null) return unwrapAppKey(rootKey, appId, wrapped);
    const created = newAppKeys.get(appId);
    if (created === undefined) throw new OpenError();
    return created;
  }

  async function createSealingKey(appId: string): Promise<SealingKey> {
    if (storage.isInTransaction()) {
      throw new Error(
        'Call keyring.prepare(appId) before the transaction: a data key cannot be made inside.',
      );
    }
    const appKey = await loadAppKey(appId);
    const dataKey = generateDataKey(uuidv7());
    const wrapped = wrapDataKey(appKey, appId, dataKey);
    await insertDataKey(storage, {
      app_id: appId,
      id: dataKey.id,
      wrapped_key: wrapped,
      created_at: clock(),
    });
    remember(appId, dataKey);
    const created = { dataKey, counter: createDataKeyCounter(0, usesMax) };
    sealing.set(appId, created);
    return created;
  }

  function ensureSealingKey(appId: string): Promise<SealingKey> {
    const running = creating.get(appId);
    if (running !== undefined) return running;
    const created = createSealingKey(appId).finally(() => creating.delete(appId));
    creating.set(appId, created);
    return created;
  }

  function remember(appId: string, dataKey: DataKey): void {
    if (known.size >= cachedMax) {
      const oldest = known.keys().next().value;
      if (oldest !== undefined) known.delete(oldest);
    }
    known.set(`${appId}/${dataKey.id}`, dataKey);
  }

  return {
    takeSealingKey: async (appId) => {
      const current = sealing.get(appId);
      if (current?.counter.tryUse() === true) return current.dataKey;
      // Inside a transaction no key can be made: the limit is so far below the bound that a few uses more do no harm.
      if (current !== undefined && storage.isInTransaction()) return current.dataKey;
      const created = await ensureSealingKey(appId);
      created.counter.tryUse();
      return created.dataKey;
    },
    findKey: async (appId, id) => {
      const cached = known.get(`${appId}/${id}`);
      if (cached !== undefined) return cached;
      const wrapped = await findWrappedDataKey(storage, appId, id);
      if (wrapped === null) throw new OpenError();
      const dataKey = unwrapDataKey(await loadAppKey(appId), appId, id, wrapped);
      remember(appId, dataKey);
      return dataKey;
    },
    prepare: async (appId) => {
      if (!sealing.has(appId)) await ensureSealingKey(appId);
    },
    createAppKey: async (appId) => {
      const appKey = generateAppKey();
      newAppKeys.set(appId, appKey);
      return wrapAppKey(rootKey, appId, appKey);
    },
  };
}
