import { type HrTime, ValueType } from '@opentelemetry/api';
import { millisToHrTime } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  DataPointType,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { Counter, Histogram, Reading } from './instruments.js';
import type { VaultMetrics } from './vault-metrics.js';

/** Since when the server counts, and the moment of reading; milliseconds since 1970. */
export interface Period {
  readonly startedAtMs: number;
  readonly nowMs: number;
}

interface Times {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

/** The server's numbers in the shape that OpenTelemetry's exporters take. */
export function buildResourceMetrics(
  resource: Resource,
  metrics: VaultMetrics,
  readings: readonly Reading[],
  period: Period,
): ResourceMetrics {
  const times = { startTime: millisToHrTime(period.startedAtMs), endTime: millisToHrTime(period.nowMs) };
  const counted = Object.values(metrics).map((instrument: Histogram | Counter) =>
    instrument.kind === 'histogram' ? buildHistogram(instrument, times) : buildCounter(instrument, times),
  );
  const read = readings.map((reading) => buildReading(reading, times));
  return {
    resource,
    scopeMetrics: [{ scope: { name: 'alter-vault' }, metrics: [...counted, ...read] }],
  };
}

function describe(metric: { readonly name: string; readonly help: string }) {
  // The unit is part of the name, as Prometheus has it.
  return {
    descriptor: { name: metric.name, description: metric.help, unit: '', valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
}

function buildHistogram(histogram: Histogram, times: Times): MetricData {
  const boundaries = [...histogram.boundaries];
  return {
    ...describe(histogram),
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: [...histogram.series.values()].map(({ labels, counts, sum, count }) => ({
      ...times,
      attributes: { ...labels },
      value: { buckets: { boundaries, counts: [...counts] }, sum, count },
    })),
  };
}

function buildCounter(counter: Counter, times: Times): MetricData {
  const points = counter.series.size > 0 ? [...counter.series.values()] : [{ labels: {}, value: 0 }];
  return {
    ...describe(counter),
    dataPointType: DataPointType.SUM,
    isMonotonic: true,
    dataPoints: points.map(({ labels, value }) => ({ ...times, attributes: { ...labels }, value })),
  };
}

function buildReading(reading: Reading, times: Times): MetricData {
  const dataPoints = reading.points.map(({ labels, value }) => ({
    ...times,
    attributes: { ...labels },
    value,
  }));
  return reading.kind === 'counter'
    ? { ...describe(reading), dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }
    : { ...describe(reading), dataPointType: DataPointType.GAUGE, dataPoints };
}
