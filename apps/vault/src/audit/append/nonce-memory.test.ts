import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { locateNonce } from '../../storage/log/nonces.js';
import { createAllNonces, createRecentNonces } from './nonce-memory.js';

const at = 1_795_000_000;

describe('nonce memory', () => {
  it('T1: knows all that it was told, and nothing else, however many', () => {
    const memory = createAllNonces();
    const told = Array.from({ length: 100_000 }, () => locateNonce('key', randomUUID(), at));
    for (const nonce of told) {
      if (memory.has(nonce)) throw new Error('known before it was told');
      memory.add(nonce);
    }
    expect(told.filter((nonce) => !memory.has(nonce)).length).toBe(0);
    expect(
      Array.from({ length: 100_000 }, () => locateNonce('key', randomUUID(), at)).filter((nonce) =>
        memory.has(nonce),
      ),
    ).toEqual([]);
  });

  it('T1: keeps three periods apart, forgets one when the third after it begins, and refuses what is older', () => {
    const memory = createAllNonces();
    const nonceOf = (period: number) => locateNonce('key', 'n', at + 900 * period);
    for (const period of [0, 1, 2]) memory.add(nonceOf(period));
    expect([0, 1, 2, 3].map((period) => memory.has(nonceOf(period)))).toEqual([true, true, true, false]);
    memory.add(nonceOf(3));
    expect(memory.has(locateNonce('key', 'never told', at))).toBe(true);
    memory.add(nonceOf(0));
    expect([1, 2, 3].map((period) => memory.has(nonceOf(period)))).toEqual([true, true, true]);
    expect(memory.has(locateNonce('key', 'other', at + 900 * 3))).toBe(false);
  });

  it('remembers the last ones in a bounded space', () => {
    const memory = createRecentNonces(100);
    const nonces = Array.from({ length: 1_000 }, (_, index) => locateNonce('key', `${index}`, at));
    for (const nonce of nonces) memory.add(nonce);
    expect(nonces.slice(-100).every((nonce) => memory.has(nonce))).toBe(true);
    expect(nonces.slice(0, 800).some((nonce) => memory.has(nonce))).toBe(false);
  });
});
