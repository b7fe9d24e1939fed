import type { Job } from '../jobs/job-runner.js';
import type { RefreshOutcome, RefreshTarget } from '../refresh/refresh-target.js';
import { type HistogramSeries, recordValue } from './metrics/instruments.js';
import type { Telemetry } from './telemetry.js';

/** A route as it is counted and traced. */
export interface ObservedRoute {
  readonly method: string;
  /** The pattern, never the path. */
  readonly route: string;
  /** Whether callers are known by their key, so that a trace of theirs is joined; others begin one of ours. */
  readonly isSigned: boolean;
}

/**
 * The same handler, counted, and within a server span where there is tracing. Without telemetry it is the handler itself; with
 * metrics alone a call costs two looks at the clock and an addition.
 */
export function observeRoute<Request, Answer extends { readonly status: number }>(
  telemetry: Telemetry | undefined,
  route: ObservedRoute,
  readTraceparent: (request: Request) => string | undefined,
  handle: (request: Request) => Promise<Answer>,
): (request: Request) => Promise<Answer> {
  const { metrics, tracing } = telemetry ?? { metrics: null, tracing: null };
  const traced =
    tracing === null
      ? handle
      : (request: Request) => {
          const traceparent = route.isSigned ? readTraceparent(request) : undefined;
          return tracing.serve({ method: route.method, route: route.route, traceparent }, () =>
            handle(request),
          );
        };
  if (metrics === null) return traced;
  const { requests } = metrics;
  const byStatus = new Map<number, HistogramSeries>();
  const count = (status: number, startedAtMs: number): void => {
    let series = byStatus.get(status);
    if (series === undefined) {
      series = requests.open({ method: route.method, route: route.route, status: String(status) });
      byStatus.set(status, series);
    }
    recordValue(series, requests.boundaries, (performance.now() - startedAtMs) / 1000);
  };
  return async (request) => {
    const startedAtMs = performance.now();
    const answer = await traced(request);
    count(answer.status, startedAtMs);
    return answer;
  };
}

/** Runs a refresh, counted by its outcome, and within a span. */
export async function observeRefresh(
  telemetry: Telemetry | undefined,
  target: RefreshTarget,
  work: () => Promise<RefreshOutcome>,
): Promise<RefreshOutcome> {
  const { metrics, tracing } = telemetry ?? { metrics: null, tracing: null };
  const startedAtMs = performance.now();
  const count = (outcome: string) =>
    metrics?.refreshes.record({ outcome }, (performance.now() - startedAtMs) / 1000);
  try {
    const outcome = await (tracing === null
      ? work()
      : tracing.run('refresh', describeTarget(target), async (span) => {
          const ended = await work();
          span.set({ 'alter.refresh.outcome': ended.kind });
          if (ended.kind !== 'fresh' && ended.kind !== 'gone') span.fail(ended.kind);
          return ended;
        }));
    count(outcome.kind);
    return outcome;
  } catch (error) {
    count('failed');
    throw error;
  }
}

/** The same job, its runs counted, and each within a span. */
export function observeJob(telemetry: Telemetry | undefined, job: Job): Job {
  if (telemetry === undefined) return job;
  const { metrics, tracing } = telemetry;
  return {
    ...job,
    run: async (signal) => {
      const startedAtMs = performance.now();
      let outcome = 'failed';
      try {
        await (tracing === null
          ? job.run(signal)
          : tracing.run(`job ${job.name}`, {}, () => job.run(signal)));
        outcome = 'done';
      } finally {
        metrics?.jobs.record({ job: job.name, outcome }, (performance.now() - startedAtMs) / 1000);
      }
    },
  };
}

function describeTarget(target: RefreshTarget) {
  return {
    'alter.app.id': target.appId,
    'alter.grant.id': target.grantId,
    'alter.credential.id': target.credentialId,
    'alter.provider.id': target.provider.providerId,
  };
}
