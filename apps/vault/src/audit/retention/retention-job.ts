import type { Job } from '../../jobs/job-runner.js';
import { dropOldMonths, type RetentionDeps } from './drop-months.js';

const intervalMs = 3_600_000;

/** Drops months that are older than the retention says, by one process over all of them. */
export function createRetentionJob(deps: RetentionDeps): Job {
  return {
    name: 'audit.drop_months',
    intervalMs,
    run: async (signal) => {
      await dropOldMonths(deps, signal);
    },
  };
}
