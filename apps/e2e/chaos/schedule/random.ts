import { createHash } from 'node:crypto';

/** Choices that a seed determines. */
export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** A whole number from `min` to `max`, both included. */
  pickInt(min: number, max: number): number;
  pick<T>(items: readonly T[]): T;
  hasLuck(probability: number): boolean;
  shuffle<T>(items: readonly T[]): T[];
  /** Another sequence, which does not depend on how far this one was read. */
  fork(name: string): Random;
}

/** Makes the sequence of a seed (mulberry32 over the seed's SHA-256). */
export function createRandom(seed: string): Random {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0);
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const pickInt = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    pickInt,
    pick: (items) => {
      const item = items[pickInt(0, items.length - 1)];
      if (item === undefined) throw new RangeError('nothing to pick from');
      return item;
    },
    hasLuck: (probability) => next() < probability,
    shuffle: (items) => {
      const deck = [...items];
      for (let last = deck.length - 1; last > 0; last -= 1) {
        const other = pickInt(0, last);
        const kept = deck[last] as (typeof deck)[number];
        deck[last] = deck[other] as (typeof deck)[number];
        deck[other] = kept;
      }
      return deck;
    },
    fork: (name) => createRandom(`${seed}/${name}`),
  };
}
