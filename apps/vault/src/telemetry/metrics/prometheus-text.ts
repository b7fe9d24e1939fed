import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';

/** `Content-Type` of the text. */
export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Metrics in Prometheus's text format, with `target_info` for the server itself. */
export function writePrometheusText(metrics: ResourceMetrics): string {
  return new PrometheusSerializer('', false, undefined, false, true).serialize(metrics);
}
