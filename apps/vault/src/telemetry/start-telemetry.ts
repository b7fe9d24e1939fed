import type { VaultConfig } from '../config.js';
import type { VaultDeps } from '../deps.js';
import { createMetricsCollector } from './metrics/collect-metrics.js';
import { createVaultMetrics } from './metrics/vault-metrics.js';
import type { Telemetry } from './telemetry.js';

/**
 * Starts what the configuration asks for. Counting costs nothing to start; OpenTelemetry is loaded here only where traces are
 * sent, and for metrics when somebody first reads them (M9).
 */
export async function startTelemetry(config: VaultConfig, processId: string): Promise<Telemetry> {
  const { otlp, telemetry } = config;
  const isRead =
    telemetry.metricsAllow.length > 0 ||
    telemetry.metricsToken !== undefined ||
    (otlp !== null && telemetry.hasMetrics);
  const metrics = isRead ? createVaultMetrics() : null;
  if (otlp === null || !telemetry.hasTraces) return { metrics, tracing: null };
  const [{ openTracing }, { describeService }] = await Promise.all([
    import('./tracing/open-tracing.js'),
    import('./describe-service.js'),
  ]);
  const resource = describeService(otlp.serviceName, processId);
  return { metrics, tracing: openTracing({ otlp, resource, ratio: telemetry.traceRatio }) };
}

/** Sends metrics to the collector, where there is one and they are wanted. */
export async function startMetricsExport(deps: VaultDeps): Promise<{ close(): Promise<void> } | undefined> {
  const { otlp, telemetry } = deps.config;
  const metrics = deps.telemetry?.metrics;
  if (otlp === null || !telemetry.hasMetrics || !metrics) return undefined;
  const [{ startMetricExport }, { describeService }] = await Promise.all([
    import('./metrics/export-metrics.js'),
    import('./describe-service.js'),
  ]);
  const collector = createMetricsCollector(deps, metrics);
  const resource = describeService(otlp.serviceName, deps.processId);
  const running = startMetricExport(otlp, resource, collector.collect);
  return {
    close: async () => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, closeTimeoutMs);
      });
      await Promise.race([running.close().catch(() => {}), late]);
      clearTimeout(timer);
      collector.close();
    },
  };
}

/** A collector that is away must not hold up the end of the server (F3). */
const closeTimeoutMs = 1_000;
