import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decide } from '../decide.js';
import { dayNames } from '../rule-schema.js';

const minuteMs = 60_000;
const names: readonly string[] = dayNames;
const zones = Intl.supportedValuesOf('timeZone');
const changes = [
  ['Europe/Berlin', '2026-03-29T01:00:00Z'],
  ['Europe/Berlin', '2026-10-25T01:00:00Z'],
  ['America/New_York', '2026-03-08T07:00:00Z'],
  ['America/New_York', '2026-11-01T06:00:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
  ['Africa/Casablanca', '2026-02-15T02:00:00Z'],
  ['America/Sao_Paulo', '2018-11-04T03:00:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
  ['Asia/Kathmandu', '1985-12-31T18:30:00Z'],
] as const;

const anyMoment = fc.oneof(
  fc.tuple(fc.constantFrom(...zones), fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2037, 0) })),
  fc
    .tuple(fc.constantFrom(...changes), fc.integer({ min: -26 * 60, max: 4 * 60 }))
    .map(([[zone, change], minutes]): [string, number] => [zone, Date.parse(change) + minutes * minuteMs]),
);
const timeOfDay = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom(0, 1, 15, 30, 59))
  .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
const anyWindow = fc.record(
  { days: fc.uniqueArray(fc.constantFrom(...dayNames), { minLength: 1 }), from: timeOfDay, to: timeOfDay },
  { requiredKeys: ['from', 'to'] },
);
type Window = { days?: string[]; from: string; to: string };

/** Reads the wall clock from the platform's own calendar and compares clock faces as text. */
function createJudge(window: Window, zone: string): (instantMs: number) => boolean {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const days = window.days ?? [...dayNames];
  return (instantMs) => {
    const text = format.format(instantMs).toLowerCase();
    const today = text.slice(0, 3);
    const time = text.slice(-5);
    const yesterday = names[(names.indexOf(today) + 6) % 7] ?? '';
    if (window.from === window.to) return days.includes(today);
    if (window.from < window.to) return days.includes(today) && window.from <= time && time < window.to;
    return (days.includes(today) && time >= window.from) || (days.includes(yesterday) && time < window.to);
  };
}

function decideAt(window: Window, zone: string, nowMs: number) {
  const rule = { kind: 'time_window', ...window, time_zone: zone };
  return decide([{ id: 'r', layer: 'app', rule }], { nowMs, sourceAddress: undefined });
}

it('P4: allows exactly while the wall clock of the zone is inside, in any zone at any instant', () => {
  fc.assert(
    fc.property(anyMoment, anyWindow, ([zone, nowMs], window) => {
      expect(decideAt(window, zone, nowMs).allow).toBe(createJudge(window, zone)(nowMs));
    }),
    { numRuns: 1500 },
  );
});

it('P6: retryAtMs is the first minute that passes, found by trying every minute', () => {
  fc.assert(
    fc.property(anyMoment, anyWindow, ([zone, instantMs], window) => {
      const nowMs = Math.floor(instantMs / minuteMs) * minuteMs;
      const decision = decideAt(window, zone, nowMs);
      fc.pre(!decision.allow && decision.retryAtMs !== undefined);
      if (decision.allow || decision.retryAtMs === undefined) return;
      const isInside = createJudge(window, zone);
      for (let ms = nowMs; ms < decision.retryAtMs; ms += minuteMs) expect(isInside(ms)).toBe(false);
      expect(isInside(decision.retryAtMs)).toBe(true);
      expect(decideAt(window, zone, decision.retryAtMs).allow).toBe(true);
      expect(decideAt(window, zone, decision.retryAtMs - 1).allow).toBe(false);
    }),
    { numRuns: 60 },
  );
});

it('P6: there is always a retryAtMs when time alone denies', () => {
  fc.assert(
    fc.property(anyMoment, anyWindow, ([zone, nowMs], window) => {
      const decision = decideAt(window, zone, nowMs);
      expect(decision.allow || (decision.retryAtMs ?? 0) > nowMs).toBe(true);
    }),
    { numRuns: 300 },
  );
});
