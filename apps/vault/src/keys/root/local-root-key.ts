import { openWithRoot, type RootKey, readKeyId, sealWithRoot } from '@alter-ai/core-crypto';
import type { RootKeyProvider } from './root-key-provider.js';

/** A root key of environment or file, held in memory. */
export function createLocalRootKey(rootKey: RootKey): RootKeyProvider {
  return {
    id: rootKey.id,
    wrap: async (context, key) => sealWithRoot(rootKey, context, key),
    unwrap: async (context, wrapped) => openWithRoot(rootKey, context, wrapped),
    describe: (wrapped) => readKeyId(wrapped),
    describeCurrent: async () => rootKey.id,
  };
}
