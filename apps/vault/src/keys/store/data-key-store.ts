import {
  type AppKey,
  createDataKeyCounter,
  type DataKey,
  type DataKeyCounter,
  generateDataKey,
  OpenError,
  readKeyId,
  unwrapDataKey,
  wrapDataKey,
} from '@alter-ai/core-crypto';
import { uuidv7 } from 'uuidv7';
import type { Storage } from '../../storage/database/storage.js';
import { findWrappedDataKey, insertDataKey, isDataKeyInUse } from '../../storage/keys/data-keys.js';
import type { AppKeyStore } from './app-key-store.js';

/** Data keys that stay unwrapped in memory. */
const cachedMax = 20_000;
/** How long a process may go on sealing with a data key before it looks whether the key was retired (K3). */
const lookEveryMs = 1_000;
const attemptsMax = 5;

/** The data keys of all apps: this process seals with keys of its own making, and opens with anybody's. */
export interface DataKeyStore {
  /** The key to seal with; makes and stores one where this process has none, it was retired, or its use limit is reached (K3). */
  takeSealingKey(appId: string): Promise<DataKey>;
  /** The key with this id. Throws OpenError when there is none, or it does not unwrap. */
  findKey(appId: string, id: string): Promise<DataKey>;
  /** Makes sure that `takeSealingKey` needs no database. */
  prepare(appId: string): Promise<void>;
  /** The next `takeSealingKey` makes a new key. */
  renewSealingKey(appId: string): void;
  /** Drops what is in memory of an app. */
  forget(appId: string): void;
}

interface SealingKey {
  readonly dataKey: DataKey;
  readonly counter: DataKeyCounter;
  lookedAtMs: number;
}

/** Data keys in the database, each wrapped by its app's key, which the root key wraps (K2). */
export function createDataKeyStore(deps: {
  storage: Storage;
  appKeys: AppKeyStore;
  clock: () => number;
  usesMax?: number | undefined;
}): DataKeyStore {
  const { storage, appKeys, clock, usesMax } = deps;
  const sealing = new Map<string, SealingKey>();
  const creating = new Map<string, Promise<SealingKey>>();
  const known = new Map<string, DataKey>();

  async function createSealingKey(appId: string): Promise<SealingKey> {
    if (storage.isInTransaction()) {
      throw new Error(
        'Call keyring.prepare(appId) before the transaction: a data key cannot be made inside.',
      );
    }
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      const { appKey, wrapped } = await appKeys.load(appId);
      const dataKey = generateDataKey(uuidv7());
      const row = {
        app_id: appId,
        id: dataKey.id,
        wrapped_key: wrapDataKey(appKey, appId, dataKey),
        created_at: clock(),
      };
      // Not stored when the app's key was rotated meanwhile: nothing would unwrap it any more.
      if (!(await insertDataKey(storage, row, wrapped))) continue;
      remember(appId, dataKey);
      const created = {
        dataKey,
        counter: createDataKeyCounter(0, usesMax),
        lookedAtMs: performance.now(),
      };
      sealing.set(appId, created);
      return created;
    }
    throw new Error('The key of the app changes faster than a data key can be made.');
  }

  function ensureSealingKey(appId: string): Promise<SealingKey> {
    const running = creating.get(appId);
    if (running !== undefined) return running;
    const created = createSealingKey(appId).finally(() => creating.delete(appId));
    creating.set(appId, created);
    return created;
  }

  /** The key at hand, unless it was retired. Inside a transaction nobody can look: the database itself refuses a key that is closed. */
  async function findCurrent(appId: string): Promise<SealingKey | undefined> {
    const current = sealing.get(appId);
    if (current === undefined || storage.isInTransaction()) return current;
    const nowMs = performance.now();
    if (nowMs - current.lookedAtMs < lookEveryMs) return current;
    if (await isDataKeyInUse(storage, appId, current.dataKey.id)) {
      current.lookedAtMs = nowMs;
      return current;
    }
    if (sealing.get(appId) === current) sealing.delete(appId);
    return undefined;
  }

  function remember(appId: string, dataKey: DataKey): void {
    if (known.size >= cachedMax) {
      const oldest = known.keys().next().value;
      if (oldest !== undefined) known.delete(oldest);
    }
    known.set(`${appId}/${dataKey.id}`, dataKey);
  }

  async function loadKey(appId: string, id: string): Promise<DataKey> {
    for (let attempt = 1; ; attempt += 1) {
      const wrapped = await findWrappedDataKey(storage, appId, id);
      if (wrapped === null) throw new OpenError();
      const { appKey } = await appKeys.load(appId);
      // A rotation between the two reads: both are read again.
      if (isWrappedBy(appKey, wrapped) || attempt >= attemptsMax) {
        return unwrapDataKey(appKey, appId, id, wrapped);
      }
    }
  }

  return {
    takeSealingKey: async (appId) => {
      const current = await findCurrent(appId);
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
      const dataKey = await loadKey(appId, id);
      remember(appId, dataKey);
      return dataKey;
    },
    prepare: async (appId) => {
      if ((await findCurrent(appId)) === undefined) await ensureSealingKey(appId);
    },
    renewSealingKey: (appId) => {
      sealing.delete(appId);
    },
    forget: (appId) => {
      sealing.delete(appId);
      for (const name of known.keys()) if (name.startsWith(`${appId}/`)) known.delete(name);
    },
  };
}

function isWrappedBy(appKey: AppKey, wrapped: Buffer): boolean {
  return readKeyId(wrapped) === appKey.id;
}
