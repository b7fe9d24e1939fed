import { type RootKey, readKeyId, type SealContext } from '@alter-ai/core-crypto';
import { createLocalRootKey } from './local-root-key.js';

/**
 * One key at the top of the hierarchy, wherever it is kept (K2). It wraps nothing but the vault's own key and the key of each
 * app, so a key service is asked when a process starts and when it meets an app for the first time, never for each call.
 */
export interface RootKeyProvider {
  /** Names the key and tells nothing about it; what it wraps begins with this name (1 to 255 printable ASCII characters). */
  readonly id: string;
  /** Wraps a key for the place that `context` names. Throws KeyServiceError. */
  wrap(context: SealContext, key: Uint8Array): Promise<Buffer>;
  /** Unwraps a key. Throws OpenError (other key, other place, changed bytes), KeyServiceError. */
  unwrap(context: SealContext, wrapped: Uint8Array): Promise<Buffer>;
  /** Name and version of the key that a value was wrapped with. Throws OpenError when it has no such head. */
  describe(wrapped: Uint8Array): string;
  /** What `describe` would say of something wrapped now. Throws KeyServiceError. */
  describeCurrent(): Promise<string>;
  /**
   * Destroys for ever what unwraps this one app's key, where each app has a key of its own here: then copies of the database cannot be
   * opened by the root key either. Absent where there is one key for all. Throws KeyServiceError.
   */
  destroyAppKey?(appId: string): Promise<void>;
  /** Whether `destroyAppKey` destroys what unwraps values with this id too; of its own id it always does. */
  destroysUnder?(keyId: string): boolean;
}

/** All keys that a process may unwrap with, and those that it wraps with. */
export interface RootKeys {
  /** Every key, the current ones first. */
  readonly all: readonly RootKeyProvider[];
  /** Wraps the vault's own key. */
  readonly forVault: RootKeyProvider;
  /** Wraps the keys of apps: the same one, or one that keeps a key for each app. */
  readonly forApps: RootKeyProvider;
  /** The key with this id, or undefined. */
  find(id: string): RootKeyProvider | undefined;
  /** Id of the key that a value is wrapped with, and its name with the version; of a key that is not here the id alone. Throws OpenError. */
  describe(wrapped: Uint8Array): { id: string; name: string };
}

/** Builds the set; without `forApps` one key wraps everything. */
export function createRootKeys(keys: {
  readonly forVault: RootKeyProvider;
  readonly forApps?: RootKeyProvider;
  readonly others?: readonly RootKeyProvider[];
}): RootKeys {
  const { forVault } = keys;
  const forApps = keys.forApps ?? forVault;
  const byId = new Map<string, RootKeyProvider>();
  for (const key of [forVault, forApps, ...(keys.others ?? [])]) if (!byId.has(key.id)) byId.set(key.id, key);
  return {
    all: [...byId.values()],
    forVault,
    forApps,
    find: (id) => byId.get(id),
    describe: (wrapped) => {
      const id = readKeyId(wrapped);
      return { id, name: byId.get(id)?.describe(wrapped) ?? id };
    },
  };
}

/** One key in memory is a set of its own. */
export function toRootKeys(given: RootKey | RootKeys): RootKeys {
  return 'find' in given ? given : createRootKeys({ forVault: createLocalRootKey(given) });
}
