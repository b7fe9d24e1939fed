import type { Storage } from '../../storage/database/storage.js';
import { findNewestCheckpoint } from '../../storage/log/checkpoints/checkpoint-rows.js';
import { checkpointIntervalMs } from '../checkpoints/checkpoint-jobs.js';

/** Seconds until the next checkpoint should be there, 1 to a minute and a little. */
export async function findNextCheckpointSeconds(deps: {
  storage: Storage;
  clock: () => number;
}): Promise<number> {
  const newest = await findNewestCheckpoint(deps.storage);
  const dueMs = (newest?.at ?? 0) + checkpointIntervalMs;
  // The runner of jobs looks every few seconds.
  const waitMs = Math.min(Math.max(0, dueMs - deps.clock()), checkpointIntervalMs) + 5_000;
  return Math.ceil(waitMs / 1000);
}
