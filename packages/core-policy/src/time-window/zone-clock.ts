import { IANAZone } from 'luxon';

const bucketMs = 15 * 60_000;
// No zone has changed its clock and changed it back within half a day.
const probeMs = 12 * 3_600_000;

/** Reads how far the wall clock of one time zone is from UTC. */
export type ZoneClock = {
  /** Offset in milliseconds, for instants near each other (the current time, call after call). */
  offsetAt: (instantMs: number) => number;
  /** First instant after `afterMs` and up to `untilMs` at which the offset changes, if there is one. */
  findTransition: (afterMs: number, untilMs: number) => number | undefined;
};

const clocks = new Map<string, ZoneClock>();

/** Whether a string is the name of an IANA time zone (fixed offsets such as `+02:00` are not names). */
export function isTimeZone(name: string): boolean {
  // Asking the platform costs some 100 µs, so a name that has a clock is not asked about again.
  return clocks.has(name.toLowerCase()) || (/^[A-Za-z]/.test(name) && IANAZone.isValidZone(name));
}

/** The clock of a time zone; the name must be valid. */
export function getZoneClock(name: string): ZoneClock {
  // Names are case-insensitive; one spelling each keeps the map as small as the time-zone database.
  const key = name.toLowerCase();
  let clock = clocks.get(key);
  if (clock === undefined) {
    clock = createZoneClock(IANAZone.create(key));
    clocks.set(key, clock);
  }
  return clock;
}

function createZoneClock(zone: IANAZone): ZoneClock {
  const readOffset = (instantMs: number) => zone.offset(instantMs) * 60_000;
  let startMs = 0;
  let endMs = 0;
  let offsetMs = 0;
  return {
    offsetAt: (instantMs) => {
      if (instantMs >= startMs && instantMs < endMs) return offsetMs;
      const bucketStart = Math.floor(instantMs / bucketMs) * bucketMs;
      const offset = readOffset(bucketStart);
      // Kept only where both ends agree, so a change inside the quarter of an hour is never papered over.
      if (readOffset(bucketStart + bucketMs - 1) !== offset) return readOffset(instantMs);
      startMs = bucketStart;
      endMs = bucketStart + bucketMs;
      offsetMs = offset;
      return offset;
    },
    findTransition: (afterMs, untilMs) => findTransition(readOffset, afterMs, untilMs),
  };
}

function findTransition(
  readOffset: (instantMs: number) => number,
  afterMs: number,
  untilMs: number,
): number | undefined {
  const offset = readOffset(afterMs);
  let low = afterMs;
  while (low < untilMs) {
    let high = Math.min(low + probeMs, untilMs);
    if (readOffset(high) === offset) {
      low = high;
      continue;
    }
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (readOffset(middle) === offset) low = middle;
      else high = middle;
    }
    return high;
  }
  return undefined;
}
