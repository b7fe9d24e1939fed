import { readKeyId } from '@alter-ai/core-crypto';
import type { VaultDeps } from '../../deps.js';
import { listFormerWrappers, noteFormerWrapper } from '../../storage/keys/app-key-wrappers.js';
import type { AppKeyRow } from '../../storage/keys/app-keys.js';
import { KeyServiceError } from '../root/key-service-error.js';
import type { RootKeyProvider, RootKeys } from '../root/root-key-provider.js';
import { RotationError } from '../rotation-error.js';

type Deps = Pick<VaultDeps, 'storage' | 'keyring' | 'clock'>;

/** A root key that an app's key is, or was, under; `leftAtMs` is null where it still is, `keyId` empty where nobody knows which. */
interface Wrapper {
  readonly keyId: string;
  readonly leftAtMs: number | null;
}

/** What becomes of copies of the database that were made before an app was shredded, the root keys of their time at hand. */
export interface CopiesFate {
  /** None of them opens any more. */
  readonly isGone: boolean;
  /** Those that were made since then do not open any more; null where that is all of them, or none. */
  readonly goneSinceMs: number | null;
  /** Ids of the root keys that the others still open with; empty where nobody knows which. */
  readonly openWith: readonly string[];
}

/** Every root key that an app's key is and was under, the last one first. Throws RotationError where the present one is not at hand. */
export async function listWrappers({ storage, keyring }: Deps, app: AppKeyRow): Promise<Wrapper[]> {
  const former = await listFormerWrappers(storage, app.id);
  if (app.wrapped_key.length === 0) return former;
  const keyId = readKeyId(app.wrapped_key);
  if (keyring.rootKeys.find(keyId) === undefined) {
    throw new RotationError(
      `The key of the app ${app.slug} is wrapped with root key ${keyId}, which this process does not have. Nothing was changed.`,
    );
  }
  return [{ keyId, leftAtMs: null }, ...former.filter((wrapper) => wrapper.keyId !== keyId)];
}

/** What destroying an app's keys wherever this process can makes of copies. */
export function judgeCopies(rootKeys: RootKeys, wrappers: readonly Wrapper[]): CopiesFate {
  const [last] = wrappers;
  const left = wrappers.filter(({ keyId }) => findDestroyer(rootKeys, keyId) === undefined);
  const isLastLeft = last === undefined || left.includes(last);
  const since = Math.max(...left.map(({ leftAtMs }) => leftAtMs ?? 0));
  return {
    isGone: last !== undefined && left.length === 0,
    goneSinceMs: left.length === 0 || isLastLeft ? null : since,
    openWith: left.map(({ keyId }) => keyId),
  };
}

/**
 * Destroys the keys of its own that an app has, or had, outside of the database, and notes which one it had last, for whoever does it
 * again after a kill. Where nobody knows what the app was under before, every place that may have one is tried. Throws KeyServiceError.
 */
export async function destroyEverywhere(
  { storage, keyring, clock }: Deps,
  app: AppKeyRow,
  wrappers: readonly Wrapper[],
): Promise<void> {
  const { rootKeys } = keyring;
  const destroyers = new Set<RootKeyProvider>();
  for (const { keyId } of wrappers) {
    const destroyer = findDestroyer(rootKeys, keyId);
    if (destroyer !== undefined) destroyers.add(destroyer);
  }
  // A rotation under way may have made the next one already.
  if (rootKeys.forApps.destroyAppKey !== undefined) destroyers.add(rootKeys.forApps);
  for (const destroyer of destroyers) await destroyer.destroyAppKey?.(app.id);
  if (wrappers.some(({ keyId }) => keyId === '')) {
    for (const provider of rootKeys.all) {
      if (destroyers.has(provider)) continue;
      // Refused where the app never had one there, and nobody gave this process the right.
      await provider.destroyAppKey?.(app.id).catch((error: unknown) => {
        if (!(error instanceof KeyServiceError)) throw error;
      });
    }
  }
  const [last] = wrappers;
  if (last?.leftAtMs !== null) return;
  const left = { appId: app.id, keyId: last.keyId, nowMs: clock() };
  await storage.transaction((trx) => noteFormerWrapper(trx, left));
}

function findDestroyer(rootKeys: RootKeys, keyId: string): RootKeyProvider | undefined {
  if (keyId === '') return undefined;
  return rootKeys.all.find(
    (provider) =>
      provider.destroyAppKey !== undefined &&
      (provider.id === keyId || provider.destroysUnder?.(keyId) === true),
  );
}
