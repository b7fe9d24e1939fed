import { unwrapDataKey, wrapDataKey } from '@alter-ai/core-crypto';
import type { VaultDeps } from '../../deps.js';
import {
  type AppKeyRow,
  findAppKey,
  listAppKeys,
  beginAppRotation as storeAppRotation,
} from '../../storage/keys/app-keys.js';
import { buildRotationRow, listRunningRotations } from '../../storage/keys/rotations.js';
import { sealedColumns } from '../../storage/keys/sealed/sealed-columns.js';
import { countSealedRows } from '../../storage/keys/sealed/sealed-rows.js';
import { RotationError } from '../rotation-error.js';
import { isLostKey } from './rewrap-root.js';
import { startPass } from './rotation-position.js';

const attemptsMax = 5;

/**
 * Gives one app, or each, a new key-encryption key at once; what was sealed before is then re-encrypted by `driveRotations` (K3). An app
 * whose rotation is under way goes on with that one. Of all apps one whose key does not open is left out, and told by `onUnreadable`
 * with its slug. @returns the ids of the rotations. Throws RotationError, KeyServiceError
 */
export async function beginAppRotations(
  deps: Pick<VaultDeps, 'storage' | 'keyring' | 'audit' | 'clock'>,
  which: { slug: string } | 'all',
  onUnreadable?: (slug: string) => void,
): Promise<string[]> {
  const ids: string[] = [];
  for (const app of await findApps(deps, which)) {
    try {
      ids.push(await beginOne(deps, app));
    } catch (error) {
      if (!isLostKey(error)) throw error;
      if (which !== 'all') {
        throw new RotationError(
          `The key of the app ${app.slug} does not open, so it cannot be rotated. See alter doctor. Nothing was changed.`,
        );
      }
      onUnreadable?.(app.slug);
    }
  }
  return ids;
}

async function findApps(
  deps: Pick<VaultDeps, 'storage'>,
  which: { slug: string } | 'all',
): Promise<AppKeyRow[]> {
  if (which === 'all') return (await listAppKeys(deps.storage)).filter((app) => app.wrapped_key.length > 0);
  const app = await findAppKey(deps.storage, which.slug);
  if (app === undefined) throw new RotationError(`There is no app ${which.slug}.`, 'not_found');
  if (app.wrapped_key.length === 0)
    throw new RotationError(`The app ${which.slug} was shredded: it has no key any more.`);
  return [app];
}

async function beginOne(
  deps: Pick<VaultDeps, 'storage' | 'keyring' | 'audit' | 'clock'>,
  app: AppKeyRow,
): Promise<string> {
  const { storage, keyring } = deps;
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const running = (await listRunningRotations(storage)).find((row) => row.app_id === app.id);
    if (running !== undefined) return running.id;
    const old = await keyring.appKeys.load(app.id);
    if (old.wrapped === null) throw new RotationError(`There is no app ${app.slug}.`, 'not_found');
    const { appKey, wrapped } = await keyring.appKeys.generate(app.id);
    const nowMs = deps.clock();
    const rotation = buildRotationRow(
      {
        kind: 'app',
        app_id: app.id,
        from_key: old.appKey.id,
        to_key: appKey.id,
        phase: 'rewriting',
        position_json: JSON.stringify(startPass()),
        total: await countValues(deps, app.id),
      },
      nowMs,
    );
    const isBegun = await storeAppRotation(storage, {
      app: { id: app.id, wrapped_key: old.wrapped },
      wrappedKey: wrapped,
      rewrap: (row) =>
        wrapDataKey(appKey, app.id, unwrapDataKey(old.appKey, app.id, row.id, row.wrapped_key)),
      rotation,
      nowMs,
    });
    if (!isBegun) continue;
    await deps.audit.append({
      kind: 'keys.rotation_started',
      appId: app.id,
      principal: 'operator',
      details: { kind: 'app', from_key: rotation.from_key, to_key: rotation.to_key, values: rotation.total },
    });
    return rotation.id;
  }
  throw new RotationError(`The key of the app ${app.slug} is being changed by somebody else. Try again.`);
}

async function countValues(deps: Pick<VaultDeps, 'storage'>, appId: string): Promise<number> {
  let values = 0;
  for (const column of sealedColumns) values += await countSealedRows(deps.storage, column, appId);
  return values;
}
