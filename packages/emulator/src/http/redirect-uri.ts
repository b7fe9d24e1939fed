const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** True when a redirect URI may be used: an exact match (RFC 9700 section 2.1), or any loopback address where so registered. */
export function isRedirectAllowed(registered: readonly string[] | 'any-loopback', uri: string): boolean {
  if (registered !== 'any-loopback') return registered.includes(uri);
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname, hash, username } = new URL(uri);
  return /^https?:$/.test(protocol) && LOOPBACK.has(hostname) && hash === '' && username === '';
}
