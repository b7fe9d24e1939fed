import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { VaultDeps } from '../../deps.js';
import { type GaugeReader, openGaugeReader } from './read-gauges.js';
import type { VaultMetrics } from './vault-metrics.js';

/** Gathers everything that one reader of the metrics sees. */
export interface MetricsCollector {
  collect(): Promise<ResourceMetrics>;
  close(): void;
}

/** Makes a collector for one reader; nothing is loaded and nothing watched before the first reading. */
export function createMetricsCollector(deps: VaultDeps, metrics: VaultMetrics): MetricsCollector {
  const startedAtMs = deps.clock();
  let gauges: GaugeReader | undefined;
  return {
    collect: async () => {
      const [{ buildResourceMetrics }, { describeService }] = await Promise.all([
        import('./metric-data.js'),
        import('../describe-service.js'),
      ]);
      gauges ??= openGaugeReader(deps);
      const resource = describeService(deps.config.otlp?.serviceName ?? 'alter-vault', deps.processId);
      const readings = await gauges.read();
      return buildResourceMetrics(resource, metrics, readings, { startedAtMs, nowMs: deps.clock() });
    },
    close: () => gauges?.close(),
  };
}
