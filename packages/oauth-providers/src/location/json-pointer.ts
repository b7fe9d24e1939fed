/** Reads a value by JSON pointer (RFC 6901); own properties only, undefined when there is none. */
export function readPointer(document: unknown, pointer: string): unknown {
  let value = document;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** The first pointer under which there is a value that is not null. */
export function readFirst(document: unknown, pointers: readonly string[]): unknown {
  for (const pointer of pointers) {
    const value = readPointer(document, pointer);
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

/** Like readFirst, for text; numbers become text, so that an id is the same however it is written. Empty counts as none. */
export function readFirstText(document: unknown, pointers: readonly string[]): string | undefined {
  for (const pointer of pointers) {
    const text = toText(readPointer(document, pointer));
    if (text !== undefined) return text;
  }
  return undefined;
}

/** Text of a string, integer or big integer; undefined for anything else and for the empty string. */
export function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return typeof value === 'bigint' ? String(value) : undefined;
}
