/** Names and values that tell the series of one metric apart; few and known beforehand, never ids. */
export type Labels = Readonly<Record<string, string>>;

/** Numbers of one metric for one set of labels. */
export interface HistogramSeries {
  readonly labels: Labels;
  /** One count for each boundary (at most this much), and a last one for what is more. */
  readonly counts: number[];
  sum: number;
  count: number;
}

/** How often which sizes occurred. */
export interface Histogram {
  readonly kind: 'histogram';
  readonly name: string;
  readonly help: string;
  readonly boundaries: readonly number[];
  readonly series: ReadonlyMap<string, HistogramSeries>;
  /** The series of one set of labels, made when it is new; kept by hot paths, which then need no look-up. */
  open(labels: Labels): HistogramSeries;
  record(labels: Labels, value: number): void;
}

/** Something that only grows. */
export interface Counter {
  readonly kind: 'counter';
  readonly name: string;
  readonly help: string;
  readonly series: ReadonlyMap<string, { readonly labels: Labels; value: number }>;
  add(labels: Labels, value?: number): void;
}

/** A value as it is at the moment of reading; a `counter` among them is kept by somebody else, such as the operating system. */
export interface Reading {
  readonly kind: 'gauge' | 'counter';
  readonly name: string;
  readonly help: string;
  readonly points: readonly { readonly labels: Labels; readonly value: number }[];
}

/** Series of one metric at most: a defect in its labels must not fill the memory. What is beyond goes under `other`. */
const seriesMax = 500;

/**
 * Makes a histogram. Recording is an addition in an array: the OpenTelemetry SDK, which is loaded when somebody reads, would cost
 * each call ten times more, and each start its loading.
 */
export function createHistogram(name: string, help: string, boundaries: readonly number[]): Histogram {
  const series = new Map<string, HistogramSeries>();
  const open = (labels: Labels): HistogramSeries => {
    const key = nameSeries(series, labels);
    let found = series.get(key);
    if (found === undefined) {
      const own = key === otherKey ? hideValues(labels) : labels;
      found = { labels: own, counts: new Array<number>(boundaries.length + 1).fill(0), sum: 0, count: 0 };
      series.set(key, found);
    }
    return found;
  };
  return {
    kind: 'histogram',
    name,
    help,
    boundaries,
    series,
    open,
    record: (labels, value) => recordValue(open(labels), boundaries, value),
  };
}

/** Adds one value to a series of a histogram with these boundaries. */
export function recordValue(series: HistogramSeries, boundaries: readonly number[], value: number): void {
  let index = 0;
  while (index < boundaries.length && value > (boundaries[index] ?? 0)) index += 1;
  series.counts[index] = (series.counts[index] ?? 0) + 1;
  series.sum += value;
  series.count += 1;
}

/** Makes a counter. */
export function createCounter(name: string, help: string): Counter {
  const series = new Map<string, { labels: Labels; value: number }>();
  return {
    kind: 'counter',
    name,
    help,
    series,
    add: (labels, value = 1) => {
      const key = nameSeries(series, labels);
      const found = series.get(key);
      if (found) found.value += value;
      else series.set(key, { labels: key === otherKey ? hideValues(labels) : labels, value });
    },
  };
}

const otherKey = 'other';

function nameSeries(series: ReadonlyMap<string, unknown>, labels: Labels): string {
  const key = Object.values(labels).join('\n');
  return series.has(key) || series.size < seriesMax ? key : otherKey;
}

function hideValues(labels: Labels): Labels {
  return Object.fromEntries(Object.keys(labels).map((name) => [name, otherKey]));
}
