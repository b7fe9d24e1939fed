/** The middle one of the values. */
export function findMedian(values: readonly number[]): number {
  return findPercentile(values, 0.5);
}

/** The value below which `share` of the values are. */
export function findPercentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
