import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

/** Clock, waiting and randomness, given in tests. */
export interface Runtime {
  /** Wall clock, milliseconds since 1970. */
  nowMs(): number;
  /** Clock that never jumps, milliseconds. */
  monotonicMs(): number;
  /** Waits; rejects with the signal's reason when it is aborted. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
  randomBytes(size: number): Uint8Array;
}

/** The machine's own clock and randomness. */
export const systemRuntime: Runtime = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(durationMs, signal) {
    try {
      await delay(durationMs, undefined, signal === undefined ? {} : { signal });
    } catch {
      throw signal?.reason;
    }
  },
  randomBytes,
};
