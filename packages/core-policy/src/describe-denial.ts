import type { CompiledRule } from './compiled-rule.js';
import type { Denial, Facts, Observed } from './decision.js';
import { formatLocalTime, readWeekday, type TimeWindow } from './time-window/time-window.js';

const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const dayMinutes = 1440;

/** Message in plain words and what was observed. It names no range of an allow-list: the caller need not know the network. */
export function describeDenial(
  compiled: CompiledRule | undefined,
  error: Denial['error'],
  facts: Facts,
): { message: string; observed: Observed } {
  if (error === 'policy_unknown_rule') {
    return { message: 'A policy has a rule of a kind that this version does not know.', observed: {} };
  }
  if (error === 'policy_malformed') return { message: 'A policy has a malformed rule.', observed: {} };
  if (compiled?.kind === 'time_window' && error === 'time_window') {
    return describeTimeWindow(compiled.window, facts.nowMs);
  }
  const observed = facts.sourceAddress === undefined ? {} : { address: facts.sourceAddress };
  if (error === 'ip_allowlist') {
    return { message: `Calls from ${facts.sourceAddress} are not allowed by the address list.`, observed };
  }
  if (compiled?.kind === 'ip_allowlist') {
    return { message: 'The address that the call came from is not known or not readable.', observed };
  }
  return { message: 'A policy could not be evaluated.', observed: {} };
}

function describeTimeWindow(window: TimeWindow, nowMs: number): { message: string; observed: Observed } {
  const localTime = formatLocalTime(window, nowMs);
  const now = `${weekdays[readWeekday(window, nowMs)]} ${localTime.slice(11, 16)}`;
  return {
    message: `Calls are allowed ${describeDays(window)}, ${describeHours(window)} (${window.timeZone}); it is ${now} there.`,
    observed: { local_time: localTime, time_zone: window.timeZone },
  };
}

function describeDays(window: TimeWindow): string {
  const names = weekdays.filter((_, index) => window.hasDay[index]);
  if (names.length === 7) return 'every day';
  const first = window.hasDay.indexOf(true);
  const isRun = names.length > 2 && window.hasDay.slice(first, first + names.length).every(Boolean);
  return isRun ? `${names[0]} to ${names.at(-1)}` : names.join(', ');
}

function describeHours(window: TimeWindow): string {
  if (window.endMs - window.startMs === dayMinutes * 60_000) return 'all day';
  return `${formatTimeOfDay(window.startMs)} to ${formatTimeOfDay(window.endMs)}`;
}

function formatTimeOfDay(timeMs: number): string {
  const minutes = (timeMs / 60_000) % dayMinutes;
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}
