import { AlterValueError } from '../errors/alter-sdk-error.js';

// setTimeout fires at once above this.
const durationMsMax = 2_147_483_647;

/**
 * One duration that may be given in seconds (as in the Python client) or in milliseconds.
 * @throws {AlterValueError} both given, not a number, not above zero, or above 24 days.
 */
export function readDurationMs(
  name: string,
  seconds: number | undefined,
  milliseconds: number | undefined,
  defaultMs: number,
): number {
  if (seconds !== undefined && milliseconds !== undefined) {
    throw new AlterValueError(`give ${name} in seconds or ${name}Ms in milliseconds, not both`);
  }
  const durationMs = milliseconds ?? (seconds === undefined ? defaultMs : seconds * 1000);
  if (typeof durationMs !== 'number' || !(durationMs > 0) || durationMs > durationMsMax) {
    throw new AlterValueError(`${name} must be a number above zero and at most 24 days`);
  }
  return durationMs;
}
