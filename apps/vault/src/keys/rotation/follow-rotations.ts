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
  /** Data keys that stay since a value of theirs does not open; of the root key, apps whose key does not open. */
  readonly unreadable: number;
  readonly from_key: string;
  readonly to_key: string;
}

/** How far all of them are. */
export interface RotationsProgress {
  readonly rotations: readonly RotationState[];
  /** Slugs of apps whose key does not open: they stay as they were. */
  readonly unreadable_apps: readonly string[];
  readonly is_finished: boolean;
}

const lookEveryMs = 250;

/**
 * Works on rotations, or watches another process do so, until they are finished, and tells of each change. When the signal ends it, they
 * stay as far as they are: the job of any server goes on with them. `leftOut` are apps that no rotation could begin for. Throws what
 * `driveRotations` throws, when each of them has ended or failed.
 */
export async function* followRotations(
  deps: DriveDeps,
  { ids, leftOut = [] }: { readonly ids: readonly string[]; readonly leftOut?: readonly string[] },
  signal: AbortSignal,
): AsyncGenerator<RotationsProgress> {
  const ended = new AbortController();
  const both = AbortSignal.any([signal, ended.signal]);
  const failures = new Map<string, unknown>();
  let failure: { error: unknown } | undefined;
  const onFailure = (id: string, error: unknown) => {
    if (ids.includes(id)) failures.set(id, error);
  };
  const driven = driveRotations(deps, { signal: both, isWaiting: true, onFailure }).catch(
    (error: unknown) => {
      failure = { error };
    },
  );
  try {
    let told = '';
    while (!signal.aborted) {
      const { unfinished, ...progress } = await readProgress(deps, ids, leftOut);
      const text = JSON.stringify(progress);
      if (text !== told) yield progress;
      told = text;
      if (progress.is_finished) return;
      if (failure !== undefined) throw failure.error;
      const [first] = failures.values();
      if (first !== undefined && unfinished.every((id) => failures.has(id))) throw first;
      await sleep(lookEveryMs, undefined, { signal }).catch(() => {});
    }
  } finally {
    ended.abort();
    await driven;
  }
}

async function readProgress(
  deps: DriveDeps,
  ids: readonly string[],
  leftOut: readonly string[],
): Promise<RotationsProgress & { unfinished: string[] }> {
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
  const unreadable = rows.flatMap((row) => readPosition(row).unreadableApps);
  const unfinished = rows.filter((row) => row.finished_at === null).map((row) => row.id);
  return {
    rotations,
    unreadable_apps: [...new Set([...leftOut, ...unreadable.map((id) => slugs.get(id) ?? id)])],
    is_finished: unfinished.length === 0,
    unfinished,
  };
}
