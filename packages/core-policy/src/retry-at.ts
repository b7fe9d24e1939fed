import type { CompiledRule } from './compiled-rule.js';
import { findNextInside } from './time-window/time-window.js';

const searchMs = 366 * 86_400_000;
const roundsMax = 400;

/** First instant after `nowMs` that lies inside every time window at once, or undefined when there is none within a year. */
export function findRetryAt(rules: readonly CompiledRule[], nowMs: number): number | undefined {
  const windows = rules.flatMap((rule) => (rule.kind === 'time_window' ? [rule.window] : []));
  let instantMs = nowMs;
  for (let round = 0; round < roundsMax && instantMs - nowMs < searchMs; round += 1) {
    const before = instantMs;
    for (const window of windows) {
      const next = findNextInside(window, instantMs);
      if (next === undefined) return undefined;
      instantMs = next;
    }
    if (instantMs === before) return instantMs;
  }
  return undefined;
}
