import type { VaultDeps } from '../deps.js';
import { driveRotations } from '../keys/rotation/drive-rotations.js';
import type { Job } from './job-runner.js';

/** Other work of the runner waits no longer than this. */
const budgetMs = 4_000;

/** Goes on with a rotation of keys whose process died or whose command was ended (K3). */
export function listKeyJobs(deps: VaultDeps): Job[] {
  return [
    {
      name: 'keys.rotate',
      intervalMs: 1_000,
      run: (signal) => driveRotations(deps, { signal, isWaiting: false, budgetMs }),
    },
  ];
}
