import { randomInt } from 'node:crypto';
import type { NonceKey } from '../../storage/log/nonces.js';

/** Which nonces this process has seen. */
export interface NonceMemory {
  has(nonce: NonceKey): boolean;
  add(nonce: NonceKey): void;
}

/** The last nonces only (10,000 to 20,000 of them): refuses early, while the database's unique key makes it certain. */
export function createRecentNonces(keysMax = 10_000): NonceMemory {
  let newer = new Set<string>();
  let older = new Set<string>();
  return {
    has: ({ key }) => newer.has(key) || older.has(key),
    add: ({ key }) => {
      if (newer.size >= keysMax) {
        older = newer;
        newer = new Set();
      }
      newer.add(key);
    },
  };
}

/**
 * Every nonce of the periods that are still accepted, for the one server of a SQLite database: there each entry of a unique key
 * would touch a page of its own, which costs several times more than everything else of a record. Kept as 64-bit fingerprints
 * under a random seed, 16 bytes for each nonce; two that collide (1 in 10^12 at 10^7 nonces) are refused, never accepted.
 */
export function createAllNonces(): NonceMemory {
  const seed = randomInt(2 ** 32);
  const turns: ({ period: number; fingerprints: FingerprintSet } | undefined)[] = [];

  return {
    has: (nonce) => {
      const turn = turns[nonce.turn];
      if (turn === undefined || nonce.period > turn.period) return false;
      // An older period than the one that took over its turn: too old to be accepted anywhere.
      if (nonce.period < turn.period) return true;
      return turn.fingerprints.has(nonce.key);
    },
    add: (nonce) => {
      let turn = turns[nonce.turn];
      if (turn === undefined || nonce.period > turn.period) {
        turn = { period: nonce.period, fingerprints: createFingerprintSet(seed) };
        turns[nonce.turn] = turn;
      }
      if (nonce.period === turn.period) turn.fingerprints.add(nonce.key);
    },
  };
}

interface FingerprintSet {
  has(key: string): boolean;
  add(key: string): void;
}

function createFingerprintSet(seed: number): FingerprintSet {
  let slots = new Uint32Array(2 * 4_096);
  let count = 0;
  // The fingerprint of the last key that was asked for: a key is nearly always asked for before it is added.
  let low = 0;
  let high = 0;

  function computeFingerprint(key: string): void {
    let a = seed ^ 0xdeadbeef;
    let b = seed ^ 0x41c6ce57;
    for (let index = 0; index < key.length; index += 1) {
      const code = key.charCodeAt(index);
      a = Math.imul(a ^ code, 2_654_435_761);
      b = Math.imul(b ^ code, 1_597_334_677);
    }
    a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
    b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
    low = a >>> 0;
    // 0 and 0 is an empty slot.
    high = (b | 1) >>> 0;
  }

  function findSlot(table: Uint32Array): number {
    const mask = table.length / 2 - 1;
    for (let place = low & mask; ; place = (place + 1) & mask) {
      const slot = 2 * place;
      if (table[slot + 1] === 0 || (table[slot] === low && table[slot + 1] === high)) return slot;
    }
  }

  function store(table: Uint32Array): boolean {
    const slot = findSlot(table);
    if (table[slot + 1] !== 0) return false;
    table[slot] = low;
    table[slot + 1] = high;
    return true;
  }

  function grow(): void {
    const grown = new Uint32Array(slots.length * 2);
    for (let slot = 0; slot < slots.length; slot += 2) {
      low = slots[slot] ?? 0;
      high = slots[slot + 1] ?? 0;
      if (high !== 0) store(grown);
    }
    slots = grown;
  }

  return {
    has: (key) => {
      computeFingerprint(key);
      return slots[findSlot(slots) + 1] !== 0;
    },
    add: (key) => {
      if (count * 4 >= slots.length) grow();
      computeFingerprint(key);
      if (store(slots)) count += 1;
    },
  };
}
