import type { RefreshOutcome, RefreshTarget } from '../refresh-target.js';

const pauseFirstMs = 60_000;
const pauseMaxMs = 900_000;
/** One credential's own trouble is not its provider's. */
const unavailableMax = 3;

/** Which providers the background job leaves alone for now; one job's memory, from run to run. */
export interface EndpointPauses {
  /** A run begins: who only did not answer usably is asked again. */
  startRun(): void;
  isPaused(target: RefreshTarget): boolean;
  /** Whether the provider has answered in this run. */
  isAnswering(target: RefreshTarget): boolean;
  note(target: RefreshTarget, outcome: RefreshOutcome | undefined): void;
}

/**
 * A provider that takes requests and does not answer costs a `strict` credential with each request (R4), and a job can wait until
 * it is well: after the first such outcome nothing of the same token endpoint is asked, for 1 minute and then up to 15. After
 * three failures in a row that cost nothing, the rest waits for the next run.
 */
export function createEndpointPauses(clock: () => number): EndpointPauses {
  const silent = new Map<string, { untilMs: number; inRow: number }>();
  const unavailable = new Map<string, number>();
  const answering = new Set<string>();
  return {
    startRun: () => {
      unavailable.clear();
      answering.clear();
    },
    isPaused: (target) => {
      const key = nameEndpoint(target);
      return (silent.get(key)?.untilMs ?? 0) > clock() || (unavailable.get(key) ?? 0) >= unavailableMax;
    },
    isAnswering: (target) => answering.has(nameEndpoint(target)),
    note: (target, outcome) => {
      const key = nameEndpoint(target);
      if (outcome?.kind === 'unavailable') {
        unavailable.set(key, (unavailable.get(key) ?? 0) + 1);
        answering.delete(key);
      } else if (outcome?.kind === 'dead' && outcome.cause === 'interrupted_refresh') {
        const inRow = (silent.get(key)?.inRow ?? 0) + 1;
        const pauseMs = Math.min(pauseMaxMs, pauseFirstMs * 2 ** Math.min(inRow - 1, 10));
        silent.set(key, { untilMs: clock() + pauseMs, inRow });
        answering.delete(key);
      } else if (outcome?.kind === 'fresh' || outcome?.kind === 'dead') {
        silent.delete(key);
        unavailable.delete(key);
        answering.add(key);
      }
    },
  };
}

/** A provider configuration with its connect parameters, which may name the host: another tenant's is another endpoint. */
export function nameEndpoint({ provider, parameters }: RefreshTarget): string {
  const named = Object.entries(parameters).sort(([first], [second]) => (first < second ? -1 : 1));
  return JSON.stringify([provider.configId, named]);
}
