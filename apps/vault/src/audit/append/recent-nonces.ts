const keysMax = 10_000;

/**
 * The nonces that this process saw last, to refuse a repetition before any work is done. Bounded: the database's unique key is
 * what makes it certain (T1).
 */
export interface RecentNonces {
  has(key: string): boolean;
  add(key: string): void;
}

/** Two generations of keys; the older one goes when the newer one is full. */
export function createRecentNonces(): RecentNonces {
  let newer = new Set<string>();
  let older = new Set<string>();
  return {
    has: (key) => newer.has(key) || older.has(key),
    add: (key) => {
      if (newer.size >= keysMax) {
        older = newer;
        newer = new Set();
      }
      newer.add(key);
    },
  };
}
