const lifetimeMaxMs = 100 * 365 * 86_400_000;

/**
 * When a token ends, from whatever the provider wrote: seconds from now (number or text), epoch seconds, epoch
 * milliseconds, or a date. Undefined when it says nothing usable; zero and negative count as that, since some providers
 * mean "never" by them.
 */
export function readExpiry(value: unknown, nowMs: number): number | undefined {
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value)
        ? Number(value)
        : undefined;
  if (number === undefined) {
    if (typeof value !== 'string') return undefined;
    const date = Date.parse(value);
    return Number.isNaN(date) ? undefined : date;
  }
  if (!Number.isFinite(number) || number <= 0) return undefined;
  if (number >= 1e12) return Math.floor(number);
  // No provider gives a token for more than 30 years from now, and no clock stands before 2001.
  if (number >= 1e9) return Math.floor(number * 1000);
  return nowMs + Math.min(Math.floor(number * 1000), lifetimeMaxMs);
}

/** Seconds of a Retry-After header (RFC 9110 section 10.2.3), at most a day. */
export function readRetryAfterSeconds(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const seconds = /^\d{1,9}$/.test(value.trim()) ? Number(value) : (Date.parse(value) - nowMs) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(Math.ceil(seconds), 0), 86_400);
}
