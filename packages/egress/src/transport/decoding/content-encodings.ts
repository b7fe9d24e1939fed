/** How many encodings, one within the other, are undone. */
export const encodingsMax = 2;

/** No encoding of the body: S3 gives `aws-chunked` back where an upload named it, though the object is stored without. */
const plainNames: ReadonlySet<string> = new Set(['', 'identity', 'aws-chunked']);
const bodilessStatuses: ReadonlySet<number> = new Set([204, 205, 304]);

/** Whether a response has no body, whatever its header fields say of one (RFC 9110 section 6.4.1). */
export function isBodiless(method: string, status: number): boolean {
  return method === 'HEAD' || bodilessStatuses.has(status);
}

/** The encodings that `Content-Encoding` names, in the order in which they were applied (RFC 9110 section 8.4). */
export function readContentEncodings(field: string): string[] {
  return field
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => !plainNames.has(name));
}
