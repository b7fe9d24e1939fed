/** Lets one caller in at a time, in the order of asking. */
export interface ConnectionLock {
  /** Waits for its turn; the answer must be called once to let the next one in. */
  acquire(): Promise<() => void>;
  /** Takes the lock at once when it is free, else null. */
  tryAcquire(): (() => void) | null;
  isHeld(): boolean;
}

/** A lock for the one connection to SQLite. */
export function createConnectionLock(): ConnectionLock {
  const waiting: (() => void)[] = [];
  let isHeld = false;

  const release = (): void => {
    const next = waiting.shift();
    if (next === undefined) isHeld = false;
    else next();
  };
  const createRelease = (): (() => void) => {
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      release();
    };
  };
  return {
    acquire: async () => {
      if (isHeld) await new Promise<void>((resolve) => waiting.push(resolve));
      isHeld = true;
      return createRelease();
    },
    tryAcquire: () => {
      if (isHeld) return null;
      isHeld = true;
      return createRelease();
    },
    isHeld: () => isHeld,
  };
}
