import { dayNames, type TimeWindowRule } from '../rule-schema.js';
import { getZoneClock, type ZoneClock } from './zone-clock.js';

const minuteMs = 60_000;
const dayMs = 86_400_000;
const searchMs = 366 * dayMs;

/**
 * A `time_window` rule made ready. "Local" numbers are wall-clock readings counted in milliseconds as if they
 * were UTC, so that days and times of day are plain arithmetic.
 */
export type TimeWindow = {
  timeZone: string;
  clock: ZoneClock;
  /** Monday first. */
  hasDay: boolean[];
  startMs: number;
  /** From the start of the same day; beyond 24 h for a window over midnight. */
  endMs: number;
};

/** Makes a rule ready for many evaluations. */
export function compileTimeWindow(rule: TimeWindowRule): TimeWindow {
  const from = parseTimeOfDay(rule.from);
  const to = parseTimeOfDay(rule.to);
  const days: readonly string[] = rule.days ?? dayNames;
  return {
    timeZone: rule.time_zone,
    clock: getZoneClock(rule.time_zone),
    hasDay: dayNames.map((day) => days.includes(day)),
    startMs: from === to ? 0 : from,
    endMs: from === to ? dayMs : to < from ? to + dayMs : to,
  };
}

/** Whether an instant lies inside. */
export function isInsideWindow(window: TimeWindow, instantMs: number): boolean {
  const localMs = instantMs + window.clock.offsetAt(instantMs);
  const day = Math.floor(localMs / dayMs);
  const timeMs = localMs - day * dayMs;
  if (hasWeekday(window, day) && timeMs >= window.startMs && timeMs < window.endMs) return true;
  return timeMs + dayMs < window.endMs && hasWeekday(window, day - 1);
}

/**
 * First instant from `fromMs` on that lies inside, or undefined when none does for a year (a window that only ever
 * falls into the hour that summer time leaves out).
 */
export function findNextInside(window: TimeWindow, fromMs: number): number | undefined {
  let instantMs = fromMs;
  while (instantMs - fromMs < searchMs) {
    const offsetMs = window.clock.offsetAt(instantMs);
    const candidateMs = findNextLocal(window, instantMs + offsetMs) - offsetMs;
    // The candidate counts only if the clock is not changed before it comes; then the search goes on from the change.
    const transitionMs = window.clock.findTransition(instantMs, candidateMs);
    if (transitionMs === undefined) return candidateMs;
    instantMs = transitionMs;
  }
  return undefined;
}

/** The wall-clock reading at an instant, ISO 8601 with offset, to the second. */
export function formatLocalTime(window: TimeWindow, instantMs: number): string {
  const offsetMs = window.clock.offsetAt(instantMs);
  const local = new Date(instantMs + offsetMs).toISOString().slice(0, 19);
  const minutes = Math.trunc(Math.abs(offsetMs) / minuteMs);
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${local}${offsetMs < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

/** Index of the local weekday at an instant, Monday 0. */
export function readWeekday(window: TimeWindow, instantMs: number): number {
  return toWeekday(Math.floor((instantMs + window.clock.offsetAt(instantMs)) / dayMs));
}

function findNextLocal(window: TimeWindow, localMs: number): number {
  const today = Math.floor(localMs / dayMs);
  for (let day = today - 1; ; day += 1) {
    if (hasWeekday(window, day) && localMs < day * dayMs + window.endMs) {
      return Math.max(localMs, day * dayMs + window.startMs);
    }
  }
}

function hasWeekday(window: TimeWindow, day: number): boolean {
  return window.hasDay[toWeekday(day)] === true;
}

// 1970-01-01 was a Thursday.
function toWeekday(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

function parseTimeOfDay(text: string): number {
  return (Number(text.slice(0, 2)) * 60 + Number(text.slice(3))) * minuteMs;
}
