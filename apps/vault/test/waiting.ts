/** Those who wait until something holds of what a test's server has received. */
export interface Waiting {
  /** Resolves once `isThere` holds; asked now, and after each `lookAgain`. */
  until(isThere: () => boolean): Promise<void>;
  /** Something came. */
  lookAgain(): void;
}

/** Nobody waits yet. */
export function createWaiting(): Waiting {
  const looks = new Set<() => void>();
  return {
    until: (isThere) =>
      new Promise((resolve) => {
        const look = () => {
          if (!isThere()) return;
          looks.delete(look);
          resolve();
        };
        looks.add(look);
        look();
      }),
    lookAgain: () => {
      for (const look of looks) look();
    },
  };
}
