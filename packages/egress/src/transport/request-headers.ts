const methodPattern = /^[A-Z][A-Z-]{0,31}$/;
// They open tunnels, or show the credential to whoever asks.
const refusedMethods = new Set(['CONNECT', 'TRACE', 'TRACK']);
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// Visible characters, space, tab and latin-1: a CR, LF or NUL would end the header and start another one (E3).
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;
const headersMax = 100;
const headerBytesMax = 32 * 1024;

/** What speaks of the connection alone, in either direction; lower case (RFC 9110 section 7.6.1). */
export const connectionHeaders = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
] as const;
// The connection and its framing are ours.
const reserved: ReadonlySet<string> = new Set([
  ...connectionHeaders,
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'proxy-authorization',
]);

/** Whether egress sets this header itself, so that a caller may not (any spelling). */
export function isReservedHeader(name: string): boolean {
  return reserved.has(name.toLowerCase());
}

/** Checks method and headers (E3). Gives lower-case headers, or the reason for refusing them, which never holds a value. */
export function checkRequestHead(
  method: string,
  headers: Readonly<Record<string, string>>,
): { ok: true; headers: Record<string, string> } | { ok: false; reason: string } {
  if (!methodPattern.test(method) || refusedMethods.has(method))
    return { ok: false, reason: 'the method is not one that may be sent' };
  const checked = new Map<string, string>();
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    const key = name.toLowerCase();
    if (!token.test(name)) return { ok: false, reason: 'a header name is malformed' };
    if (reserved.has(key)) return { ok: false, reason: `the header ${key} cannot be set` };
    if (checked.has(key)) return { ok: false, reason: `the header ${key} is given twice` };
    if (typeof value !== 'string' || !fieldValue.test(value))
      return { ok: false, reason: `the value of the header ${key} is malformed` };
    bytes += name.length + value.length;
    checked.set(key, value);
  }
  if (checked.size > headersMax || bytes > headerBytesMax)
    return { ok: false, reason: 'the headers are too large' };
  // Compressed answers only where the caller asks for them: nothing to bomb with.
  if (!checked.has('accept-encoding')) checked.set('accept-encoding', 'identity');
  return { ok: true, headers: Object.fromEntries(checked) };
}
