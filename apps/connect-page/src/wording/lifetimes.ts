const units = [
  { seconds: 31_536_000, name: 'year' },
  { seconds: 86_400, name: 'day' },
  { seconds: 3600, name: 'hour' },
  { seconds: 60, name: 'minute' },
  { seconds: 1, name: 'second' },
];

/** A duration in words, exact to its two largest units: `30 days`, `1 hour 30 minutes`. */
export function formatDuration(seconds: number): string {
  const parts: string[] = [];
  let rest = seconds;
  for (const unit of units) {
    const count = Math.floor(rest / unit.seconds);
    rest -= count * unit.seconds;
    if (count > 0) parts.push(`${count} ${unit.name}${count === 1 ? '' : 's'}`);
  }
  return parts.slice(0, 2).join(' ');
}

/** One lifetime that the user may choose; `seconds` null is no end. */
export interface LifetimeOption {
  seconds: number | null;
  label: string;
}

const usual = [3600, 86_400, 604_800, 2_592_000, 7_776_000, 31_536_000];

/** The lifetimes within the app's maximum, its maximum and its default among them, shortest first. */
export function listLifetimes(maxSeconds: number | null, defaultSeconds: number | null): LifetimeOption[] {
  const wanted = [
    ...usual,
    ...(maxSeconds === null ? [] : [maxSeconds]),
    ...(defaultSeconds === null ? [] : [defaultSeconds]),
  ];
  const allowed = [...new Set(wanted)].filter((seconds) => maxSeconds === null || seconds <= maxSeconds);
  const options: LifetimeOption[] = allowed
    .sort((a, b) => a - b)
    .map((seconds) => ({ seconds, label: formatDuration(seconds) }));
  if (maxSeconds === null) options.push({ seconds: null, label: 'Until you take it back' });
  return options;
}
