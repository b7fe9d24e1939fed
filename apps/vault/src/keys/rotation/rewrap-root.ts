import { OpenError, placeAppKey } from '@alter-ai/core-crypto';
import type { VaultDeps } from '../../deps.js';
import { listAppKeys, replaceWrappedAppKey } from '../../storage/keys/app-keys.js';
import { readMeta, replaceMeta } from '../../storage/keys/meta.js';
import { KeyNotThereError, UnknownRootKeyError } from '../root/key-service-error.js';
import type { RootKeyProvider, RootKeys } from '../root/root-key-provider.js';
import { vaultKeyName, vaultKeyPlace } from '../vault-key.js';
import type { OnBatch } from './reencrypt-app.js';
import { describeTarget } from './root-target.js';
import type { RotationPosition } from './rotation-position.js';

/**
 * Wraps the vault's own key, then the key of each app, with the current root key, each only where nobody has changed it since it was
 * read. An app whose key does not open stays as it is, and is noted: the others do not wait for it. @returns the position at the end, or undefined when `onBatch` ended it
 */
export async function rewrapRoot(
  deps: Pick<VaultDeps, 'storage' | 'keyring' | 'clock'>,
  from: RotationPosition,
  onBatch: OnBatch,
): Promise<RotationPosition | undefined> {
  const { storage, keyring } = deps;
  const { rootKeys } = keyring;
  const target = await describeTarget(rootKeys);
  let position = from;
  const advance = async (after: string, changed: number, startedMs: number): Promise<boolean> => {
    position = { ...position, after, seen: position.seen + 1, passChanged: position.passChanged + changed };
    return onBatch(position, { changed, tookMs: performance.now() - startedMs });
  };
  if (from.after === '') {
    const startedMs = performance.now();
    const wrapped = await readMeta(storage, vaultKeyName);
    let changed = 0;
    if (wrapped !== null && rootKeys.describe(wrapped).name !== target.vault) {
      const rewrapped = await rewrap(rootKeys, rootKeys.forVault, vaultKeyPlace, wrapped);
      changed = (await replaceMeta(storage, vaultKeyName, wrapped, rewrapped)) ? 1 : 0;
    }
    // Sorts before every app's id.
    if (!(await advance('!', changed, startedMs))) return undefined;
  }
  for (const app of await listAppKeys(storage)) {
    if (app.id <= from.after || app.wrapped_key.length === 0) continue;
    const startedMs = performance.now();
    let changed = 0;
    if (rootKeys.describe(app.wrapped_key).name !== target.apps) {
      try {
        const rewrapped = await rewrap(rootKeys, rootKeys.forApps, placeAppKey(app.id), app.wrapped_key);
        changed = (await replaceWrappedAppKey(storage, app, rewrapped, deps.clock())) ? 1 : 0;
      } catch (error) {
        if (!isLostKey(error)) throw error;
        position = { ...position, unreadableApps: [...position.unreadableApps, app.id] };
      }
    }
    if (!(await advance(app.id, changed, startedMs))) return undefined;
  }
  return position;
}

/** Whether what unwraps an app's key is gone: its file, its key in the service, or its bytes were changed. */
export function isLostKey(error: unknown): boolean {
  return error instanceof OpenError || error instanceof KeyNotThereError;
}

async function rewrap(
  rootKeys: RootKeys,
  to: RootKeyProvider,
  place: Parameters<RootKeyProvider['wrap']>[0],
  wrapped: Buffer,
): Promise<Buffer> {
  const { id } = rootKeys.describe(wrapped);
  const provider = rootKeys.find(id);
  if (provider === undefined) throw new UnknownRootKeyError(id);
  const bytes = await provider.unwrap(place, wrapped);
  try {
    return await to.wrap(place, bytes);
  } finally {
    bytes.fill(0);
  }
}
