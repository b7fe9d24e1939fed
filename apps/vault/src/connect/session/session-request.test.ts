import { describe, expect, it } from 'vitest';
import { computeGrantExpiry } from './session-request.js';

const now = 1_000_000;

describe('S5: when a new grant ends', () => {
  it('never, without a lifetime', () => {
    expect(computeGrantExpiry(null, null, now)).toBeNull();
    expect(
      computeGrantExpiry({ expiresAtMs: null, maxSeconds: null, defaultSeconds: null }, null, now),
    ).toBeNull();
  });

  it('after the default, else after the maximum, to the second', () => {
    expect(computeGrantExpiry({ expiresAtMs: null, maxSeconds: 3600, defaultSeconds: 60 }, null, now)).toBe(
      now + 60_000,
    );
    expect(computeGrantExpiry({ expiresAtMs: null, maxSeconds: 3600, defaultSeconds: null }, null, now)).toBe(
      now + 3_600_000,
    );
  });

  it("after the user's choice", () => {
    expect(computeGrantExpiry({ expiresAtMs: null, maxSeconds: 3600, defaultSeconds: 60 }, 120, now)).toBe(
      now + 120_000,
    );
  });

  it('never after the date', () => {
    const lifetime = { expiresAtMs: now + 30_000, maxSeconds: 3600, defaultSeconds: 60 };
    expect(computeGrantExpiry(lifetime, null, now)).toBe(now + 30_000);
    expect(computeGrantExpiry(lifetime, 10, now)).toBe(now + 10_000);
    expect(
      computeGrantExpiry({ expiresAtMs: now + 30_000, maxSeconds: null, defaultSeconds: null }, null, now),
    ).toBe(now + 30_000);
  });
});
