import type { Storage } from '../storage/database/storage.js';
import { createAuditMonth, findAuditMonth, findNextAuditMonth } from '../storage/log/audit-tables.js';
import { readSharedNow } from '../storage/log/job-leases.js';
import { deleteOldNonces } from '../storage/log/nonces.js';
import type { Job } from './job-runner.js';

/** What the storage itself needs done: tables of the coming month, and no nonces beyond their time. */
export function listUpkeepJobs(deps: { storage: Storage; clock: () => number }): Job[] {
  const { storage, clock } = deps;
  return [
    {
      name: 'audit.create_months',
      intervalMs: 3_600_000,
      run: async () => {
        const month = findAuditMonth(clock());
        await createAuditMonth(storage, month);
        await createAuditMonth(storage, findNextAuditMonth(month));
      },
    },
    {
      name: 'nonces.delete_old',
      intervalMs: 120_000,
      run: async (signal) => {
        // Not this process's own clock: ahead of the others' it would forget what they still have to refuse (T1).
        await deleteOldNonces(storage, await readSharedNow(storage), signal);
      },
    },
  ];
}
