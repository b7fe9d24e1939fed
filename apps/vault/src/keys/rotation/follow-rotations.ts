import { setTimeout as sleep } from 'node:timers/promises';
import { listAppKeys } from '../../storage/keys/app-keys.js';
import { type KeyRotationRow, listRotations } from '../../storage/keys/rotations.js';
import { type DriveDeps, driveRotations } from './drive-rotations.js';
import { readPosition } from './rotation-position.js';

/** How far one rotation is. */
export interface RotationState {
  readonly id: string;
  readonly kind: 'root' | 'app';
  /** Slug of the app; null for the root key. */
  readonly app: string | null;
  /** `rewriting`, `settling` (calls under way get to end), `sweeping` (what came late), `done`. */
  readonly phase: KeyRotationRow['phase'];
  /** Looked at in this phase, of how many. */
  readonly seen: number;
  readonly total: number;
  /** Re-encrypted, or wrapped anew, so far. */
  readonly changed: number;
  readonly unreadable: number;
  readonly from_key: string;
  readonly to_key: string;
}

/** How far all of them are. */
export interface RotationsProgress {
  readonly rotations: readonly RotationState[];
  readonly is_finished: boolean;
}

const lookEveryMs = 250;

/**
 * Works on rotations, or watches another process do so, until they are finished, and tells of each change. When the signal ends it, they
 * stay as far as they are: the job of any server goes on with them. Throws what `driveRotations` throws.
 */
export async function* followRotations(
  deps: DriveDeps,
  ids: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<RotationsProgress> {
  const ended = new AbortController();
  const both = AbortSignal.any([signal, ended.signal]);
  let failure: { error: unknown } | undefined;
  const driven = driveRotations(deps, { signal: both, isWaiting: true }).catch((error: unknown) => {
    failure = { error };
  });
  try {
    let told = '';
    while (!signal.aborted) {
      if (failure !== undefined) throw failure.error;
      const progress = await readProgress(deps, ids);
      const text = JSON.stringify(progress);
      if (text !== told) yield progress;
      told = text;
      if (progress.is_finished) return;
      await sleep(lookEveryMs, undefined, { signal }).catch(() => {});
    }
  } finally {
    ended.abort();
    await driven;
  }
}

async function readProgress(deps: DriveDeps, ids: readonly string[]): Promise<RotationsProgress> {
  const rows = await listRotations(deps.storage, ids);
  const slugs = new Map((await listAppKeys(deps.storage)).map((app) => [app.id, app.slug]));
  const rotations = rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    app: row.app_id === null ? null : (slugs.get(row.app_id) ?? row.app_id),
    phase: row.phase,
    seen: readPosition(row).seen,
    total: row.total,
    changed: row.changed,
    unreadable: row.unreadable,
    from_key: row.from_key,
    to_key: row.to_key,
  }));
  return { rotations, is_finished: rows.every((row) => row.finished_at !== null) };
}
