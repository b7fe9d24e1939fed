const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether a text is an absolute https address, or http on loopback, without userinfo. */
export function isWebAddress(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username + url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopbackHosts.has(url.hostname));
}

/** Whether a text is the origin of such an address and nothing more. */
export function isWebOrigin(text: string): boolean {
  return isWebAddress(text) && new URL(text).origin === text.replace(/\/$/, '');
}
