import type { EchoPatterns } from './echo-patterns.js';

/** Looks for a credential in a body that passes in pieces. */
export interface EchoFilter {
  /**
   * Takes the next piece and gives back what may go on: what could be the beginning of the credential is held until it is known.
   * Undefined: the credential is in it, and nothing may go on.
   */
  push(chunk: Buffer): Buffer | undefined;
  /** What was held at the end of the body. */
  flush(): Buffer;
}

const empty = Buffer.alloc(0);

/** Starts one. */
export function createEchoFilter(patterns: EchoPatterns): EchoFilter {
  let held: Buffer = empty;
  return {
    push(chunk) {
      const data = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      if (hasEcho(data, patterns)) return undefined;
      const heldBytes = measureBeginning(data, patterns);
      held = data.subarray(data.length - heldBytes);
      return data.subarray(0, data.length - heldBytes);
    },
    flush() {
      const rest = held;
      held = empty;
      return rest;
    },
  };
}

/** Whether a credential is in these bytes. */
export function hasEcho(data: Buffer, patterns: EchoPatterns): boolean {
  return patterns.some((pattern) => data.includes(pattern));
}

/** What is left of a body that is cut off, without a credential's beginning at its end. */
export function cutBeginning(data: Buffer, patterns: EchoPatterns): Buffer {
  return data.subarray(0, data.length - measureBeginning(data, patterns));
}

/** Whether a credential is in one of these headers. */
export function hasHeaderEcho(
  headers: readonly (readonly [name: string, value: string])[],
  patterns: EchoPatterns,
): boolean {
  return headers.some(([name, value]) => {
    const text = `${name}: ${value}`;
    return hasEcho(Buffer.from(text, 'latin1'), patterns) || hasEcho(Buffer.from(text, 'utf8'), patterns);
  });
}

/** Bytes at the end that a pattern may begin with. */
function measureBeginning(data: Buffer, patterns: EchoPatterns): number {
  let longest = 0;
  for (const pattern of patterns) {
    const first = pattern[0] ?? 0;
    let at = data.indexOf(first, Math.max(0, data.length - pattern.length + 1));
    while (at !== -1 && data.length - at > longest) {
      if (data.subarray(at).equals(pattern.subarray(0, data.length - at))) longest = data.length - at;
      else at = data.indexOf(first, at + 1);
    }
  }
  return longest;
}
