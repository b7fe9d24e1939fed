import type { VaultConfig } from '../config.js';
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
