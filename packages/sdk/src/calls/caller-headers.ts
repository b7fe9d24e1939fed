import { AlterValueError } from '../errors/alter-sdk-error.js';

const namePattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: CR, LF and NUL are what must not get through.
const valuePattern = /^[^\u0000\r\n\u0100-\uffff]*$/;

/** Headers of the connection, which belong to nobody but the HTTP client (E3). */
const connectionHeaders: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'proxy-authorization',
  'proxy-authenticate',
  'proxy-connection',
]);

/** Whether text may stand in a header: Latin-1 without CR, LF and NUL. */
export function isHeaderValue(value: string): boolean {
  return valuePattern.test(value);
}

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
