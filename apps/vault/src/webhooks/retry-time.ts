/** How long an event is tried again, from when it was queued. */
export const retryPeriodMs = 86_400_000;

const firstDelayMs = 5_000;
const growth = 4;
const delayMsMax = 2 * 3_600_000;
const retryAfterMsMax = 3_600_000;
const jitter = 0.2;

/**
 * When the next attempt is due after `failures` failures in a row: 5 s, 20 s, 80 s, … up to 2 h, each a fifth more or less; not before
 * `retryAfterMs`, and the last one at the end of the 24 hours. Null when they are over.
 */
export function findNextAttempt(
  facts: { failures: number; queuedAtMs: number; nowMs: number; retryAfterMs: number | null },
  random: () => number,
): number | null {
  const endMs = facts.queuedAtMs + retryPeriodMs;
  if (facts.nowMs >= endMs) return null;
  const delayMs = Math.min(firstDelayMs * growth ** (facts.failures - 1), delayMsMax);
  const spreadMs = delayMs * (1 - jitter + 2 * jitter * random());
  const askedMs = Math.min(facts.retryAfterMs ?? 0, retryAfterMsMax);
  return Math.min(Math.round(facts.nowMs + Math.max(spreadMs, askedMs)), endMs);
}
