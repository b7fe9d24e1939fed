import type { VaultDeps } from '../../deps.js';
import { listKeyHolders } from '../../storage/keys/key-holders.js';
import {
  buildRotationRow,
  deleteRotation,
  insertRotation,
  type KeyRotationRow,
  leaveChecking,
  listRunningRotations,
} from '../../storage/keys/rotations.js';
import { RotationError } from '../rotation-error.js';
import { describeTarget, hasSameTarget, listRootKeysInUse } from './root-target.js';
import { startPass } from './rotation-position.js';

/** A process that was silent for longer counts as ended. */
export const holderSilentMsMax = 45_000;

type Deps = Pick<VaultDeps, 'storage' | 'keyring' | 'audit' | 'clock'>;

/**
 * Begins to wrap the vault's own key and the key of each app with this process's current root key (K3). First it says so in the
 * database, from when on no process starts without that key; then it looks at those that run. If one of them lacks the key,
 * nothing is changed: so it does no harm in whatever order processes and command come. @returns the rotation's id, or null when
 * everything is under the current key already. Throws RotationError, KeyServiceError
 */
export async function beginRootRotation(deps: Deps): Promise<string | null> {
  const { storage, keyring } = deps;
  const target = await describeTarget(keyring.rootKeys);
  const running = (await listRunningRotations(storage)).find((row) => row.kind === 'root');
  if (running !== undefined && !hasSameTarget(running, keyring.rootKeys)) {
    throw new RotationError(
      `A rotation to root key ${running.to_key} is under way, and this process has ${target.name}. Finish that one first.`,
    );
  }
  if (running !== undefined && running.phase !== 'checking') return running.id;
  const found = await listRootKeysInUse(deps);
  const unknown = found.map((item) => item.id).filter((id) => keyring.rootKeys.find(id) === undefined);
  if (unknown.length > 0) {
    throw new RotationError(
      `Some keys are wrapped with root key ${unknown.join(', ')}, which this process does not have. Add it to ALTER_VAULT_ROOT_KEY_PREVIOUS (or ALTER_VAULT_KMS_KEY_PREVIOUS). Nothing was changed.`,
    );
  }
  const isDone = found.every((item) => item.name === (item.isVault ? target.vault : target.apps));
  if (isDone) {
    if (running !== undefined) await deleteRotation(storage, running.id);
    return null;
  }
  const rotation = running ?? buildRotation(deps, target, found);
  if (running === undefined && !(await insertRotation(storage, rotation))) return beginRootRotation(deps);
  await requireHolders(deps, rotation, target.ids);
  // Nobody else may have taken it back meanwhile; if so, begin anew.
  if (!(await leaveChecking(storage, rotation.id))) return beginRootRotation(deps);
  await deps.audit.append({
    kind: 'keys.rotation_started',
    appId: null,
    principal: 'operator',
    details: { kind: 'root', from_key: rotation.from_key, to_key: rotation.to_key, values: rotation.total },
  });
  return rotation.id;
}

function buildRotation(
  deps: Deps,
  target: { readonly name: string; readonly ids: readonly string[] },
  found: readonly { name: string; wrapped: number }[],
): KeyRotationRow {
  const others = new Set(found.map((item) => item.name).filter((name) => name !== target.name));
  return buildRotationRow(
    {
      kind: 'root',
      app_id: null,
      from_key: [...others].join(', '),
      to_key: target.name,
      phase: 'checking',
      position_json: JSON.stringify(startPass(target.ids)),
      total: found.reduce((sum, item) => sum + item.wrapped, 0),
    },
    deps.clock(),
  );
}

async function requireHolders(deps: Deps, rotation: KeyRotationRow, ids: readonly string[]): Promise<void> {
  const lacking = (await listKeyHolders(deps.storage)).filter(
    (holder) => holder.silentMs < holderSilentMsMax && !ids.every((id) => holder.keyIds.includes(id)),
  );
  if (lacking.length === 0) return;
  await deleteRotation(deps.storage, rotation.id);
  const names = lacking.map(
    (holder) =>
      `${holder.host} (process ${holder.processId}, seen ${Math.round(holder.silentMs / 1000)} s ago)`,
  );
  throw new RotationError(
    `${lacking.length} running ${lacking.length === 1 ? 'process does' : 'processes do'} not have root key ${ids.join(' and ')}: ${names.join(', ')}. Start each with the new key as the current one and the old one as the previous one, then run this again. Nothing was changed.`,
  );
}
