import { setTimeout as sleep } from 'node:timers/promises';
import { uuidv7 } from 'uuidv7';
import type { VaultDeps } from '../../deps.js';
import { closeRetiredDataKeys, deleteClosedDataKeys } from '../../storage/keys/app-keys.js';
import {
  deleteStaleChecks,
  type HeldRotation,
  type KeyRotationRow,
  listRotations,
  listRunningRotations,
  type RotationProgress,
  takeRotation,
  updateRotation,
} from '../../storage/keys/rotations.js';
import { type OnBatch, reencryptApp } from './reencrypt-app.js';
import { rewrapRoot } from './rewrap-root.js';
import { describeTarget, hasSameTarget, type RootTarget } from './root-target.js';
import { type RotationPosition, readPosition, startPass } from './rotation-position.js';

/** What driving needs. */
export type DriveDeps = Pick<VaultDeps, 'config' | 'storage' | 'keyring' | 'audit' | 'clock' | 'processId'>;

/** How rotations are driven. */
export interface DriveOptions {
  readonly signal: AbortSignal;
  /** True: until none is left. False: until there is nothing to do at this moment, or `budgetMs` is over. */
  readonly isWaiting: boolean;
  readonly budgetMs?: number;
  /** How long calls get that have read a value, or sealed one, before the old data keys go. */
  readonly settleMs?: number;
  /** Hears of a rotation that this drive could not go on with, and leaves to the next one. */
  readonly onFailure?: (id: string, error: unknown) => void;
  /** How much longer than a batch the pause after it is; calls go on in between. */
  readonly pauseFactor?: number;
}

/** A holder that is silent for longer has lost its rotation to whoever comes next. */
const leaseMs = 15_000;
/** Calls are answered within 20 s; a value that one of them has in hand opens until then. */
const settleAppMs = 30_000;
/** For one's own machine. */
const settleDevelopmentMs = 3_000;
const settleRootMs = 5_000;
const pollEveryMs = 300;

/**
 * Goes on with rotations that nobody holds, from where they are (K3). Any process may, at any time, again and again: what is done is
 * in the database, and nothing is lost by a kill. One that fails holds none of the others up: what it threw is thrown when there is nothing
 * else to do. Throws what the database, the audit log or a key service throws.
 */
export async function driveRotations(deps: DriveDeps, options: DriveOptions): Promise<void> {
  const startedMs = performance.now();
  // One of its own for each drive: two in one process must not take each other's work for theirs.
  const holder = `${deps.processId}/${uuidv7()}`;
  const isOver = () =>
    options.signal.aborted ||
    (options.budgetMs !== undefined && performance.now() - startedMs > options.budgetMs);
  const failures = new Map<string, unknown>();
  while (!isOver()) {
    const outcome = await driveOnce(deps, holder, { ...options, failures }, isOver);
    if (outcome === 'worked') continue;
    if (outcome === 'none' || !options.isWaiting) break;
    await sleep(pollEveryMs, undefined, { signal: options.signal }).catch(() => {});
  }
  for (const error of failures.values()) throw error;
}

async function driveOnce(
  deps: DriveDeps,
  holder: string,
  options: DriveOptions & { readonly failures: Map<string, unknown> },
  isOver: () => boolean,
): Promise<'none' | 'worked' | 'waiting'> {
  const { storage } = deps;
  await deleteStaleChecks(storage);
  const rows = (await listRunningRotations(storage)).filter(
    (row) => row.phase !== 'checking' && !options.failures.has(row.id),
  );
  if (rows.length === 0) return 'none';
  for (const rotation of rows) {
    const { id, kind } = rotation;
    if (kind === 'root' && !hasSameTarget(rotation, deps.keyring.rootKeys)) continue;
    if (!(await takeRotation(storage, { id, holder, leaseMs }))) continue;
    const [row] = await listRotations(storage, [id]);
    if (row === undefined) continue;
    await workOn(deps, row, holder, options, isOver).catch((error: unknown) => {
      options.failures.set(id, error);
      options.onFailure?.(id, error);
    });
    return 'worked';
  }
  return 'waiting';
}

async function workOn(
  deps: DriveDeps,
  taken: KeyRotationRow,
  holder: string,
  options: DriveOptions,
  isOver: () => boolean,
): Promise<void> {
  const held = { id: taken.id, holder, leaseMs };
  const write = (progress: RotationProgress) => updateRotation(deps.storage, held, progress);
  try {
    const target = taken.app_id === null ? await describeTarget(deps.keyring.rootKeys) : null;
    const row = target === null ? taken : await followVersion(taken, target, write);
    if (row === null) return;
    const restart = JSON.stringify(startPass(readPosition(row).neededKeys));
    const settleMs = options.settleMs ?? findSettleMs(deps, row.kind);
    if (row.phase === 'settling') {
      const closedUntilMs =
        row.app_id === null ? 0 : await closeRetiredDataKeys(deps.storage, row.app_id, held, deps.clock());
      if (closedUntilMs === null) return;
      const position = { ...startPass(readPosition(row).neededKeys), closedUntilMs };
      await write({ phase: 'sweeping', position_json: JSON.stringify(position), isReleased: true });
      return;
    }
    let { changed } = row;
    const onBatch: OnBatch = async (position, batch) => {
      changed += batch.changed;
      const isEnding = isOver();
      const isHeld = await write({
        position_json: JSON.stringify(position),
        changed,
        isReleased: isEnding,
      });
      if (!isHeld || isEnding) return false;
      await sleep(Math.max(1, batch.tookMs * (options.pauseFactor ?? 1.5)));
      return true;
    };
    const from = readPosition(row);
    const end =
      row.app_id === null
        ? await rewrapRoot(deps, from, onBatch)
        : await reencryptApp(deps, row.app_id, from, onBatch);
    if (end === undefined) return;
    // What was read before it was swept may still be in hand: the sweep that finds nothing is the last one.
    const isSwept = end.passChanged === 0 && end.closedUntilMs !== null;
    const isLast = row.phase === 'sweeping' && (row.app_id === null || isSwept);
    if (isLast) await finish(deps, row, held, { end, changed }, write);
    else await write({ phase: 'settling', position_json: restart, settleMs, isReleased: true });
  } catch (error) {
    await write({ isReleased: true }).catch(() => false);
    throw error;
  }
}

/** A key that has got another version since: the rotation goes to that one, from the beginning. Null when it was taken over. */
async function followVersion(
  row: KeyRotationRow,
  target: RootTarget,
  write: (progress: RotationProgress) => Promise<boolean>,
): Promise<KeyRotationRow | null> {
  if (row.to_key === target.name) return row;
  const changes = {
    to_key: target.name,
    phase: 'rewriting' as const,
    position_json: JSON.stringify(startPass(target.ids)),
  };
  return (await write(changes)) ? { ...row, ...changes } : null;
}

function findSettleMs(deps: DriveDeps, kind: KeyRotationRow['kind']): number {
  if (deps.config.isDevelopment) return settleDevelopmentMs;
  return kind === 'app' ? settleAppMs : settleRootMs;
}

async function finish(
  deps: DriveDeps,
  row: KeyRotationRow,
  held: HeldRotation,
  { end, changed }: { end: RotationPosition; changed: number },
  write: (progress: RotationProgress) => Promise<boolean>,
): Promise<void> {
  const { keptKeys, unreadableApps, closedUntilMs } = end;
  const unreadable = row.app_id === null ? unreadableApps.length : keptKeys.length;
  const which = { untilMs: closedUntilMs ?? 0, kept: keptKeys };
  const deleted = row.app_id === null ? 0 : await deleteClosedDataKeys(deps.storage, row.app_id, held, which);
  if (deleted === null) return;
  await deps.audit.append({
    kind: 'keys.rotated',
    appId: row.app_id,
    outcome: unreadable === 0 ? 'ok' : 'unreadable',
    details: {
      kind: row.kind,
      from_key: row.from_key,
      to_key: row.to_key,
      values: changed,
      data_keys_deleted: deleted,
      data_keys_kept: keptKeys.length,
      ...(unreadableApps.length === 0 ? {} : { unreadable_apps: unreadableApps }),
    },
  });
  await write({ phase: 'done', unreadable, isFinished: true });
}
