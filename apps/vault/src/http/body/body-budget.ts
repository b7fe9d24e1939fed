/** What the bodies of all requests under way take together at most, unless told: each is held once as bytes, and again when parsed. */
const bytesMaxDefault = 128 * 1024 * 1024;

/** The part of one request. */
export interface BodyShare {
  /** Counts bytes that are held now; false, and nothing is counted, where it would be too many in all. */
  take(bytes: number): boolean;
  /** When the request is answered: gives back what was taken. */
  release(): void;
}

/** Bounds what the bodies of all requests under way take in memory together: a caller's own limit says nothing about many (T3). */
export interface BodyBudget {
  open(): BodyShare;
}

/** The budget of one server. */
export function createBodyBudget(bytesMax = bytesMaxDefault): BodyBudget {
  let held = 0;
  return {
    open: () => {
      let own = 0;
      return {
        take: (bytes) => {
          if (held + bytes > bytesMax) return false;
          held += bytes;
          own += bytes;
          return true;
        },
        release: () => {
          held -= own;
          own = 0;
        },
      };
    },
  };
}
