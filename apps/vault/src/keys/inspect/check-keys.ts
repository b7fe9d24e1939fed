import type { VaultDeps } from '../../deps.js';
import { type AppKeyRow, listAppKeys, listDataKeys } from '../../storage/keys/app-keys.js';
import { type KeyRotationRow, listRunningRotations } from '../../storage/keys/rotations.js';
import { sealedColumns } from '../../storage/keys/sealed/sealed-columns.js';
import { countKeyUse } from '../../storage/keys/sealed/sealed-rows.js';
import { isLostKey } from '../rotation/rewrap-root.js';
import { describeTarget, listRootKeysInUse } from '../rotation/root-target.js';
import { readPosition } from '../rotation/rotation-position.js';
import { countOf } from './count-of.js';

/** One finding, as `alter doctor` prints it. */
interface KeyCheck {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failed' | 'info';
  readonly message: string;
}

type Deps = Pick<VaultDeps, 'storage' | 'keyring'>;

/** How much is under which key, and whether something was left behind by a rotation or a shredding (K2, K3). Changes nothing. */
export async function checkKeys(deps: Deps): Promise<KeyCheck[]> {
  const running = await listRunningRotations(deps.storage);
  const apps = await listAppKeys(deps.storage);
  const checks = [await checkRoot(deps, running)];
  for (const row of running) checks.push(describeRunning(row, apps));
  for (const app of apps) {
    const isRotating = running.some((row) => row.app_id === app.id);
    checks.push(
      app.shredded_at === null ? await checkApp(deps, app, isRotating) : await checkShredded(deps, app),
    );
  }
  return checks;
}

async function checkRoot(deps: Deps, running: readonly KeyRotationRow[]): Promise<KeyCheck> {
  const name = 'root key';
  try {
    const target = await describeTarget(deps.keyring.rootKeys);
    const uses = await listRootKeysInUse(deps);
    const isLeft = uses.some((use) => use.name !== (use.isVault ? target.vault : target.apps));
    const parts = uses.map(
      (use) => `${countOf(use.wrapped, use.isVault ? 'vault key' : 'app key')} under ${use.name}`,
    );
    const isUnknown = uses.some((use) => deps.keyring.rootKeys.find(use.id) === undefined);
    if (isUnknown)
      return { name, status: 'failed', message: `${parts.join(', ')}: not all of them are at hand` };
    if (!isLeft) return { name, status: 'ok', message: parts.join(', ') };
    const isRotating = running.some((row) => row.kind === 'root');
    const advice = isRotating ? '' : '; alter rotate-keys --root moves them';
    return {
      name,
      status: isRotating ? 'info' : 'warning',
      message: `${parts.join(', ')}; the current one is ${target.name}${advice}`,
    };
  } catch (error) {
    return { name, status: 'failed', message: error instanceof Error ? error.message : 'cannot be asked' };
  }
}

async function checkApp(deps: Deps, app: AppKeyRow, isRotating: boolean): Promise<KeyCheck> {
  const name = `keys of ${app.slug}`;
  let appKeyId: string;
  try {
    appKeyId = (await deps.keyring.appKeys.load(app.id)).appKey.id;
  } catch (error) {
    return { name, status: 'failed', message: describeClosed(deps, app, error) };
  }
  const dataKeys = await listDataKeys(deps.storage, app.id);
  const retired = new Set(dataKeys.filter((row) => row.retired_at !== null).map((row) => row.id));
  const current = new Set(dataKeys.filter((row) => row.retired_at === null).map((row) => row.id));
  let inUse = 0;
  let behind = 0;
  let lost = 0;
  for (const column of sealedColumns) {
    for (const use of await countKeyUse(deps.storage, column, app.id)) {
      if (current.has(use.dataKeyId)) inUse += use.values;
      else if (retired.has(use.dataKeyId)) behind += use.values;
      else lost += use.values;
    }
  }
  const message = `${countOf(inUse, 'value')} and ${countOf(current.size, 'data key')} under app key ${appKeyId}`;
  if (lost > 0)
    return {
      name,
      status: 'failed',
      message: `${message}; data keys are gone that ${countOf(lost, 'value')} had`,
    };
  if (retired.size === 0) return { name, status: 'ok', message };
  const left = `${message}; ${countOf(behind, 'value')} and ${countOf(retired.size, 'data key')} from before the rotation`;
  return isRotating
    ? { name, status: 'info', message: left }
    : { name, status: 'failed', message: `${left}, which do not open` };
}

function describeClosed(deps: Deps, app: AppKeyRow, error: unknown): string {
  const message = 'the key of the app does not open';
  if (!isLostKey(error)) return `${message}: ${error instanceof Error ? error.message : 'unknown error'}`;
  const wrapper = deps.keyring.rootKeys.describe(app.wrapped_key).name;
  return `${message}; it stays under ${wrapper}, and rotations leave it out. Put back what unwraps it, or end with alter apps shred ${app.slug}`;
}

async function checkShredded(deps: Deps, app: AppKeyRow): Promise<KeyCheck> {
  const name = `keys of ${app.slug}`;
  let values = 0;
  for (const column of sealedColumns) {
    for (const use of await countKeyUse(deps.storage, column, app.id)) values += use.values;
  }
  const dataKeys = (await listDataKeys(deps.storage, app.id)).length;
  const isEmpty = values === 0 && dataKeys === 0 && app.wrapped_key.length === 0;
  if (isEmpty) return { name, status: 'info', message: 'shredded; nothing sealed is left' };
  return {
    name,
    status: 'failed',
    message: `shredded, but there are still ${countOf(values, 'value')} and ${countOf(dataKeys, 'data key')}`,
  };
}

function describeRunning(row: KeyRotationRow, apps: readonly AppKeyRow[]): KeyCheck {
  const what =
    row.app_id === null ? 'root key' : (apps.find((app) => app.id === row.app_id)?.slug ?? row.app_id);
  const { seen } = readPosition(row);
  return {
    name: 'rotation',
    status: 'info',
    message: `${what}: ${row.phase}, ${seen} of ${row.total}, to key ${row.to_key}`,
  };
}
