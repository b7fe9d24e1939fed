import { describe, expect, it } from 'vitest';
import { type Rule, ruleSchema } from '../rule-schema.js';
import { compileTimeWindow, findNextInside, formatLocalTime, isInsideWindow } from './time-window.js';

function compile(days: string[] | undefined, from: string, to: string, zone: string) {
  const rule: Rule = ruleSchema.parse({
    kind: 'time_window',
    ...(days && { days }),
    from,
    to,
    time_zone: zone,
  });
  if (rule.kind !== 'time_window') throw new Error('another kind');
  return compileTimeWindow(rule);
}

const at = (iso: string) => Date.parse(iso);
const office = compile(['mon', 'tue', 'wed', 'thu', 'fri'], '09:00', '17:00', 'Europe/Berlin');
const night = compile(['fri'], '22:00', '06:00', 'Europe/Berlin');

describe('time windows', () => {
  it.each([
    ['2026-01-05T08:59:59.999+01:00', false],
    ['2026-01-05T09:00:00+01:00', true],
    ['2026-01-05T16:59:59.999+01:00', true],
    ['2026-01-05T17:00:00+01:00', false],
    ['2026-07-06T09:00:00+02:00', true],
    ['2026-07-06T08:59:00+02:00', false],
    ['2026-01-04T12:00:00+01:00', false],
  ])('P4: office hours at %s: %s', (iso, expected) => {
    expect(isInsideWindow(office, at(iso))).toBe(expected);
  });

  it.each([
    ['2026-01-09T21:59:00+01:00', false],
    ['2026-01-09T22:00:00+01:00', true],
    ['2026-01-10T05:59:59+01:00', true],
    ['2026-01-10T06:00:00+01:00', false],
    ['2026-01-10T23:00:00+01:00', false],
    ['2026-01-09T05:00:00+01:00', false],
  ])('P4: a window over midnight belongs to the day it starts, at %s: %s', (iso, expected) => {
    expect(isInsideWindow(night, at(iso))).toBe(expected);
  });

  it('P4: equal times mean the whole day', () => {
    for (const time of ['00:00', '09:30']) {
      const tuesday = compile(['tue'], time, time, 'Asia/Kathmandu');
      expect(isInsideWindow(tuesday, at('2026-01-05T23:59:59+05:45'))).toBe(false);
      expect(isInsideWindow(tuesday, at('2026-01-06T00:00:00+05:45'))).toBe(true);
      expect(isInsideWindow(tuesday, at('2026-01-06T23:59:59+05:45'))).toBe(true);
      expect(isInsideWindow(tuesday, at('2026-01-07T00:00:00+05:45'))).toBe(false);
      expect(isInsideWindow(compile(undefined, time, time, 'UTC'), at('2026-01-07T00:00:00Z'))).toBe(true);
    }
  });

  it('P4: the hour that summer time leaves out is in no window; the next chance is a week later', () => {
    const lost = compile(['sun'], '02:00', '03:00', 'Europe/Berlin');
    for (let minute = 0; minute < 180; minute += 1) {
      expect(isInsideWindow(lost, at('2026-03-29T00:00:00Z') + minute * 60_000)).toBe(false);
    }
    expect(findNextInside(lost, at('2026-03-29T00:00:00Z'))).toBe(at('2026-04-05T02:00:00+02:00'));
  });

  it('P4: a window that starts in the hour left out starts when the clock has passed it', () => {
    const from = compile(['sun'], '02:30', '05:00', 'Europe/Berlin');
    expect(findNextInside(from, at('2026-03-29T00:59:00+01:00'))).toBe(at('2026-03-29T03:00:00+02:00'));
    const midnight = compile(['sun'], '00:00', '00:00', 'America/Sao_Paulo');
    expect(findNextInside(midnight, at('2018-11-03T12:00:00-03:00'))).toBe(at('2018-11-04T01:00:00-02:00'));
  });

  it('P4: the hour that comes twice is inside twice', () => {
    const twice = compile(['sun'], '02:00', '02:30', 'Europe/Berlin');
    expect(isInsideWindow(twice, at('2026-10-25T02:15:00+02:00'))).toBe(true);
    expect(isInsideWindow(twice, at('2026-10-25T02:45:00+02:00'))).toBe(false);
    expect(isInsideWindow(twice, at('2026-10-25T02:15:00+01:00'))).toBe(true);
    expect(isInsideWindow(twice, at('2026-10-25T02:30:00+01:00'))).toBe(false);
    expect(findNextInside(twice, at('2026-10-25T02:40:00+02:00'))).toBe(at('2026-10-25T02:00:00+01:00'));
  });

  it('P4: half-hour changes count (Lord Howe)', () => {
    const window = compile(undefined, '02:00', '02:30', 'Australia/Lord_Howe');
    expect(isInsideWindow(window, at('2026-10-04T01:59:59+10:30'))).toBe(false);
    expect(isInsideWindow(window, at('2026-10-04T02:30:00+11:00'))).toBe(false);
    expect(findNextInside(window, at('2026-10-04T01:00:00+10:30'))).toBe(at('2026-10-05T02:00:00+11:00'));
  });

  it('P4: an answer does not depend on the one before, however close to a change of the clock', () => {
    const change = at('2026-03-29T01:00:00Z');
    const lastHour = compile(undefined, '01:59', '02:00', 'Europe/Berlin');
    for (const offset of [-1, 0, -1, 60_000, -60_000, -60_001, 0]) {
      expect(isInsideWindow(lastHour, change + offset)).toBe(offset < 0 && offset >= -60_000);
    }
  });

  it('an instant inside is its own next instant', () => {
    expect(findNextInside(office, at('2026-01-05T10:00:00.123+01:00'))).toBe(
      at('2026-01-05T10:00:00.123+01:00'),
    );
  });

  it('formats local time with its offset', () => {
    const zones: [string, string][] = [
      ['UTC', '2026-01-05T12:00:00+00:00'],
      ['America/St_Johns', '2026-01-05T08:30:00-03:30'],
      ['Asia/Kathmandu', '2026-01-05T17:45:00+05:45'],
    ];
    for (const [zone, expected] of zones) {
      expect(formatLocalTime(compile(undefined, '00:00', '00:00', zone), at('2026-01-05T12:00:00Z'))).toBe(
        expected,
      );
    }
  });
});
