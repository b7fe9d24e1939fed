import { setTimeout as delay } from 'node:timers/promises';
import { readErrorCode } from './database-error.js';

const attemptsMax = 10;
const retryableCodes = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  'SQLITE_BUSY',
  'SQLITE_BUSY_SNAPSHOT',
  'SQLITE_BUSY_RECOVERY',
  'SQLITE_LOCKED',
]);

/** Runs `work` again, after a short random wait, while the database refuses it for concurrency alone; at most 10 times. */
export async function runWithRetries<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= attemptsMax || !retryableCodes.has(readErrorCode(error) ?? '')) throw error;
      await delay(Math.random() * Math.min(2 ** attempt, 200));
    }
  }
}
