import type { Job } from '../../jobs/job-runner.js';
import type { Storage } from '../../storage/database/storage.js';
import { indexNewRecords } from '../../storage/log/search/index-records.js';

const intervalMs = 5_000;
/** A chain without a new record for so long is indexed to its end. */
const idleMs = 3_600_000;
/** Bounds one run, so that other jobs get their turn: half a million records. */
const segmentsMax = 64;

/** Indexes what is new for searches, by one process over all of them. */
export function createIndexJob(deps: { storage: Storage; clock: () => number }): Job {
  return {
    name: 'audit.index',
    intervalMs,
    run: async (signal) => {
      await indexNewRecords(deps.storage, { idleBeforeMs: deps.clock() - idleMs, segmentsMax, signal });
    },
  };
}
