import type { VaultDeps } from '../../deps.js';
import { listAppKeys } from '../../storage/keys/app-keys.js';
import { readMeta } from '../../storage/keys/meta.js';
import type { RootKeys } from '../root/root-key-provider.js';
import { vaultKeyName } from '../vault-key.js';

/** What everything is to be wrapped with, by name and version, and the ids that a process must have to use it. */
export async function describeTarget(
  rootKeys: RootKeys,
): Promise<{ name: string; vault: string; apps: string; ids: string[] }> {
  const vault = await rootKeys.forVault.describeCurrent();
  const apps = rootKeys.forApps === rootKeys.forVault ? vault : await rootKeys.forApps.describeCurrent();
  const ids = [...new Set([rootKeys.forVault.id, rootKeys.forApps.id])];
  return { name: vault === apps ? vault : `${vault} and ${apps}`, vault, apps, ids };
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
