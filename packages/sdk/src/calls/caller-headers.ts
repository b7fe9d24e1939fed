import { connectionHeaders } from '@alter-ai/core-contract';
import { isHeaderValue } from '@alter-ai/core-crypto';
import { AlterValueError } from '../errors/alter-sdk-error.js';

const namePattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Checks the caller's headers (E3); messages name headers and never values.
 * @throws {AlterValueError} not a header, smuggled line, header of the connection, or one name twice.
 */
export function checkCallerHeaders(headers: Readonly<Record<string, string>> | undefined): void {
  if (headers === undefined) return;
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const lowerName = name.toLowerCase();
    if (!namePattern.test(name)) throw new AlterValueError('a header name in extraHeaders is not valid');
    if (connectionHeaders.has(lowerName)) throw new AlterValueError(`header ${lowerName} cannot be set`);
    if (typeof value !== 'string' || !isHeaderValue(value)) {
      throw new AlterValueError(`the value of header ${lowerName} is not valid`);
    }
    if (seen.has(lowerName)) throw new AlterValueError(`header ${lowerName} is given twice`);
    seen.add(lowerName);
  }
}
