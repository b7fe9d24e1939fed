import { registerOtlpExport } from '../audit/export/otlp/otlp-consumer.js';
import type { VaultDeps } from '../deps.js';
import { runWebhooks } from '../webhooks/run-webhooks.js';
import { createJobRunner, type Job } from './job-runner.js';

/** Who holds a delivery that is going on all the time is missed after six seconds, not thirty. */
const leaseMs = 6_000;
const tickMs = 1_000;

/** What goes on as long as the server runs. */
export interface Deliveries {
  /** Ends what is under way; what was not answered yet is sent again at the next start. */
  stop(): Promise<void>;
}

/**
 * Starts what follows the audit log and sends it on (A7): webhooks, and the OpenTelemetry collector where there is one. Each has
 * a runner of its own, so that neither waits for the other, and is done by one process at a time.
 */
export async function startDeliveries(deps: VaultDeps): Promise<Deliveries> {
  const onError = (job: string) => (error: unknown) =>
    deps.log.error({ job, cause: error instanceof Error ? error.name : '' }, 'delivery interrupted');
  const jobs: Job[] = [
    {
      name: 'webhooks.deliver',
      intervalMs: tickMs,
      run: (signal) =>
        runWebhooks({ ...deps, random: Math.random, onError: onError('webhooks.deliver') }, signal),
    },
  ];
  const { otlp } = deps.config;
  if (otlp?.hasLogs) {
    // Before the server's first record, so that the collector gets that one, too.
    await registerOtlpExport(deps);
    jobs.push({
      name: 'audit.export_otlp',
      intervalMs: tickMs,
      run: async (signal) => {
        const { runOtlpExport } = await import('../audit/export/otlp/run-otlp-export.js');
        await runOtlpExport({ ...deps, random: Math.random }, otlp, signal);
      },
    });
  }
  const runners = jobs.map((job) =>
    createJobRunner({
      storage: deps.storage,
      processId: deps.processId,
      jobs: [job],
      leaseMs,
      tickMs,
      onError: (name, error) => onError(name)(error),
    }),
  );
  for (const runner of runners) runner.start();
  return {
    stop: async () => {
      await Promise.all(runners.map((runner) => runner.stop()));
    },
  };
}
