import { ApiError } from '../api-error.js';

const windowMs = 60_000;
/** Addresses are free to make up in IPv6; the table must not grow with them. */
const entriesMax = 50_000;

interface Window {
  startedAtMs: number;
  count: number;
}

/** How a limit stands after a call was counted. */
export interface RateVerdict {
  readonly isAllowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Unix seconds. */
  readonly resetsAtSeconds: number;
}

/** Counts calls per name (address, or key and address) in windows of one minute; this process only (T5). */
export interface RateLimiter {
  count(name: string, perMinuteMax: number): RateVerdict;
}

/** Makes an empty limiter. */
export function createRateLimiter(clock: () => number): RateLimiter {
  const windows = new Map<string, Window>();
  return {
    count(name, perMinuteMax) {
      const nowMs = clock();
      let window = windows.get(name);
      if (!window || nowMs - window.startedAtMs >= windowMs) {
        if (!window && windows.size >= entriesMax) dropOldest(windows);
        window = { startedAtMs: nowMs, count: 0 };
        windows.set(name, window);
      }
      window.count += 1;
      return {
        isAllowed: window.count <= perMinuteMax,
        limit: perMinuteMax,
        remaining: Math.max(0, perMinuteMax - window.count),
        resetsAtSeconds: Math.ceil((window.startedAtMs + windowMs) / 1000),
      };
    },
  };
}

function dropOldest(windows: Map<string, Window>): void {
  for (const name of windows.keys()) {
    windows.delete(name);
    if (windows.size < entriesMax / 2) return;
  }
}

/** The refusal of a call beyond a limit (wire/1 section 7.2, 429). */
export function createRateLimitError(verdict: RateVerdict, scope: 'ip' | 'api_key', nowMs: number): ApiError {
  const seconds = Math.max(1, verdict.resetsAtSeconds - Math.floor(nowMs / 1000));
  return new ApiError('rate_limit_exceeded', {
    retryAfterSeconds: seconds,
    fields: { scope, limit: verdict.limit, window_seconds: windowMs / 1000 },
  });
}

/** Headers that tell a client how its limit stands (wire/1 section 4.2). */
export function buildRateLimitHeaders(verdict: RateVerdict): Record<string, string> {
  return {
    'X-RateLimit-Limit': String(verdict.limit),
    'X-RateLimit-Remaining': String(verdict.remaining),
    'X-RateLimit-Reset': String(verdict.resetsAtSeconds),
  };
}
