import type { Job } from '../../jobs/job-runner.js';
import { lookForOverdue } from '../../storage/log/checkpoints/overdue-rows.js';
import { readCoveredHeads } from './known-heads.js';
import { type CheckpointDeps, makeCheckpoint } from './make-checkpoint.js';

/** From one checkpoint to the next, where there is anything new. */
export const checkpointIntervalMs = 60_000;
/** So many looks after the first one a record must have its checkpoint: two intervals of servers that run. */
export const overdueLooks = 2;

/** Makes checkpoints, and looks whether they are made; each by one process over all of them. */
export function listCheckpointJobs(deps: CheckpointDeps): Job[] {
  return [
    {
      name: 'audit.checkpoint',
      intervalMs: checkpointIntervalMs,
      run: async () => {
        await makeCheckpoint(deps);
      },
    },
    // A job of its own: a checkpoint job that does nothing would not notice it.
    {
      name: 'audit.watch_checkpoints',
      intervalMs: checkpointIntervalMs,
      run: () => watchCheckpoints(deps),
    },
  ];
}

/** Looks once for records that stay without a checkpoint. */
export async function watchCheckpoints(deps: Pick<CheckpointDeps, 'storage' | 'keyring'>): Promise<void> {
  await lookForOverdue(deps.storage, await readCoveredHeads(deps));
}
