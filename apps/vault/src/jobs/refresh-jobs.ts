import type { VaultDeps } from '../deps.js';
import { finishPendingRevocations } from '../grants/upkeep/finish-revocation.js';
import { recordExpiredGrants } from '../grants/upkeep/record-expired-grants.js';
import { recordLifecycle } from '../grants/upkeep/record-lifecycle.js';
import { createEndpointPauses } from '../refresh/ahead/endpoint-pauses.js';
import { renewAhead } from '../refresh/ahead/renew-ahead.js';
import { markChangedLifetimes } from '../refresh/ahead/replan.js';
import type { Job } from './job-runner.js';

/** What grants and credentials need done without anybody asking (R1, A4). */
export function listRefreshJobs(deps: VaultDeps): Job[] {
  const checkedVersions = new Map<string, number>();
  const pauses = createEndpointPauses(deps.clock);
  return [
    {
      name: 'refresh.ahead',
      intervalMs: 60_000,
      isApart: true,
      run: async (signal) => {
        await markChangedLifetimes(deps, checkedVersions, signal);
        await renewAhead(deps, pauses, signal);
      },
    },
    {
      name: 'grants.record_expired',
      intervalMs: 30_000,
      run: (signal) => recordExpiredGrants(deps, signal),
    },
    {
      name: 'grants.record_lifecycle',
      intervalMs: 30_000,
      run: (signal) => recordLifecycle(deps, signal),
    },
    {
      name: 'grants.finish_revocations',
      intervalMs: 30_000,
      isApart: true,
      run: (signal) => finishPendingRevocations(deps, signal),
    },
  ];
}
