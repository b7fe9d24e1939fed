import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createRandomWords, randomToken } from './random.js';

describe('randomToken', () => {
  it('has the length and alphabet of base64url, and is new each time', () => {
    for (const bytes of [1, 2, 3, 16, 32, 33]) {
      const token = randomToken(bytes);
      expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
      expect(Buffer.from(token, 'base64url')).toHaveLength(bytes);
    }
    expect(randomToken()).toHaveLength(43);
    expect(new Set(Array.from({ length: 200 }, () => randomToken(8))).size).toBe(200);
  });

  it('refuses other sizes', () => {
    for (const bytes of [0, -1, 1.5, Number.NaN, 65_537])
      expect(() => randomToken(bytes)).toThrow(RangeError);
  });

  it('runs in browsers: its entry imports nothing and names nothing of Node', () => {
    const source = readFileSync(new URL('./random.ts', import.meta.url), 'utf8');
    expect(source).not.toMatch(/\bimport\b|\brequire\b|\bBuffer\b|\bprocess\b/);
  });
});

describe('createRandomWords', () => {
  it('gives unsigned 32-bit words that do not repeat over several pools', () => {
    const next = createRandomWords(64);
    const words = Array.from({ length: 640 }, next);
    expect(words.every((word) => Number.isInteger(word) && word >= 0 && word < 2 ** 32)).toBe(true);
    // 640 words of 32 bits: two equal ones are a chance of 1 in 20,000; three lost ones are a pool used twice.
    expect(new Set(words).size).toBeGreaterThan(637);
    expect(words.some((word) => word >= 2 ** 31)).toBe(true);
  });
});
