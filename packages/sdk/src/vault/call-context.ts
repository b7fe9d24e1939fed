import { contextLimits } from '@alter-ai/core-contract';
import { AlterValueError } from '../errors/alter-sdk-error.js';

/**
 * `X-Alter-Context` of a call: a compact JSON object, non-ASCII escaped (wire/1 §4.1); undefined for an empty one.
 * @throws {AlterValueError} not a map of strings, or above the limits.
 */
export function encodeCallContext(context: Readonly<Record<string, string>> | undefined): string | undefined {
  if (context === undefined) return undefined;
  if (typeof context !== 'object' || context === null || Array.isArray(context)) {
    throw new AlterValueError('context must be an object of strings');
  }
  const entries = Object.entries(context);
  if (entries.length === 0) return undefined;
  if (entries.length > contextLimits.keysMax) {
    throw new AlterValueError(`context has at most ${contextLimits.keysMax} keys`);
  }
  for (const [key, value] of entries) {
    if (typeof value !== 'string') throw new AlterValueError('context values must be strings');
    if (key.length > contextLimits.keyCharactersMax || value.length > contextLimits.valueCharactersMax) {
      throw new AlterValueError('a context key or value is too long');
    }
  }
  const text = JSON.stringify(context).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  if (text.length > contextLimits.headerCharactersMax) throw new AlterValueError('context is too long');
  return text;
}
