import { hostname } from 'node:os';
import type { VaultDeps } from '../../deps.js';
import { listShreddedApps } from '../../storage/keys/app-keys.js';
import { noteKeyHolder, removeKeyHolder } from '../../storage/keys/key-holders.js';
import { listRunningRotations } from '../../storage/keys/rotations.js';
import { ConfigurationError } from '../configuration-error.js';
import { readPosition } from '../rotation/rotation-position.js';

const beatMs = 10_000;

/** Says in the database which root keys this process has, as long as it is open. */
export interface RootKeyHold {
  /** One sign of life: also drops the keys of apps that were shredded elsewhere. */
  beat(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Tells other processes which root keys this one has, so that none of them moves the data to a key that is missing here (K3). It says so
 * before it looks for a rotation under way, and a rotation says so before it looks for processes: one of the two sees the other.
 * Throws ConfigurationError when a rotation to a key that is missing here is under way.
 */
export async function holdRootKeys(
  deps: Pick<VaultDeps, 'storage' | 'keyring' | 'processId'>,
): Promise<RootKeyHold> {
  const { storage, keyring, processId } = deps;
  const keyIds = keyring.rootKeys.all.map((key) => key.id);
  const forgotten = new Set<string>();
  const note = () => noteKeyHolder(storage, { processId, host: hostname(), keyIds });
  const beat = async (): Promise<void> => {
    await note();
    for (const appId of await listShreddedApps(storage)) {
      if (forgotten.has(appId)) continue;
      keyring.forgetApp(appId);
      forgotten.add(appId);
    }
  };
  await note();
  for (const row of await listRunningRotations(storage)) {
    const missing = readPosition(row).neededKeys.filter((id) => !keyIds.includes(id));
    if (missing.length === 0) continue;
    await removeKeyHolder(storage, processId);
    throw new ConfigurationError(
      `A rotation to root key ${missing.join(' and ')} is under way, and this process does not have it. Start it with that key as the current one and the old one as the previous one.`,
    );
  }
  // A beat that fails is made up for by the next one; without a database this process does nothing anyway.
  const timer = setInterval(() => void beat().catch(() => {}), beatMs);
  timer.unref();
  return {
    beat,
    release: async () => {
      clearInterval(timer);
      await removeKeyHolder(storage, processId).catch(() => {});
    },
  };
}
