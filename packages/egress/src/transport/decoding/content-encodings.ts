/** How many encodings, one within the other, are undone. */
export const encodingsMax = 2;

/** The encodings that `Content-Encoding` names, in the order in which they were applied (RFC 9110 section 8.4). */
export function readContentEncodings(field: string): string[] {
  return field
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
}
