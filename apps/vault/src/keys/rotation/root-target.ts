import type { VaultDeps } from '../../deps.js';
import { listAppKeys } from '../../storage/keys/app-keys.js';
import { readMeta } from '../../storage/keys/meta.js';
import type { KeyRotationRow } from '../../storage/keys/rotations.js';
import type { RootKeys } from '../root/root-key-provider.js';
import { vaultKeyName } from '../vault-key.js';
import { readPosition } from './rotation-position.js';

/** What everything is to be wrapped with: names with versions, and the ids that a process must have to use it. */
export interface RootTarget {
  readonly name: string;
  readonly vault: string;
  readonly apps: string;
  readonly ids: readonly string[];
}

/** What this process would wrap everything with now. Throws KeyServiceError. */
export async function describeTarget(rootKeys: RootKeys): Promise<RootTarget> {
  const vault = await rootKeys.forVault.describeCurrent();
  const apps = rootKeys.forApps === rootKeys.forVault ? vault : await rootKeys.forApps.describeCurrent();
  return { name: vault === apps ? vault : `${vault} and ${apps}`, vault, apps, ids: listTargetIds(rootKeys) };
}

/**
 * Whether a rotation of the root key is to the keys that this process wraps with. Their versions do not count: a key service may make
 * another one at any moment, and from then on wraps with no earlier one.
 */
export function hasSameTarget(rotation: Pick<KeyRotationRow, 'position_json'>, rootKeys: RootKeys): boolean {
  const { neededKeys } = readPosition(rotation);
  const ids = listTargetIds(rootKeys);
  return neededKeys.length === ids.length && ids.every((id) => neededKeys.includes(id));
}

function listTargetIds(rootKeys: RootKeys): string[] {
  return [...new Set([rootKeys.forVault.id, rootKeys.forApps.id])];
}

/** Every root key that something is wrapped with; by id alone where this process does not have it. */
export async function listRootKeysInUse(
  deps: Pick<VaultDeps, 'storage' | 'keyring'>,
): Promise<{ id: string; name: string; isVault: boolean; wrapped: number }[]> {
  const { storage, keyring } = deps;
  const uses = new Map<string, { id: string; name: string; isVault: boolean; wrapped: number }>();
  const note = (wrapped: Buffer, isVault: boolean): void => {
    const { id, name } = keyring.rootKeys.describe(wrapped);
    const key = `${isVault} ${name}`;
    uses.set(key, { id, name, isVault, wrapped: (uses.get(key)?.wrapped ?? 0) + 1 });
  };
  const vaultKey = await readMeta(storage, vaultKeyName);
  if (vaultKey !== null) note(vaultKey, true);
  for (const app of await listAppKeys(storage)) if (app.wrapped_key.length > 0) note(app.wrapped_key, false);
  return [...uses.values()];
}
