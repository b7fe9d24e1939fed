import {
  AggregationTemporalityPreference,
  OTLPMetricExporter,
} from '@opentelemetry/exporter-metrics-otlp-http';
import type { Resource } from '@opentelemetry/resources';
import {
  MeterProvider,
  type MetricProducer,
  PeriodicExportingMetricReader,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { OtlpConfig } from '../../config.js';
import { describeCollector } from '../describe-collector.js';

const exportEveryMs = 60_000;
const exportTimeoutMs = 10_000;

/** Sends metrics to a collector from time to time, and once more at the end. */
export function startMetricExport(
  otlp: OtlpConfig,
  resource: Resource,
  collect: () => Promise<ResourceMetrics>,
): { close(): Promise<void> } {
  const producer: MetricProducer = {
    collect: async () => ({ resourceMetrics: await collect(), errors: [] }),
  };
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({
      ...describeCollector(otlp, 'metrics'),
      temporalityPreference: AggregationTemporalityPreference.CUMULATIVE,
    }),
    exportIntervalMillis: exportEveryMs,
    exportTimeoutMillis: exportTimeoutMs,
    metricProducers: [producer],
  });
  const provider = new MeterProvider({ resource, readers: [reader] });
  return { close: () => provider.shutdown() };
}
