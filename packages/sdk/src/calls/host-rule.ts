const entryPattern = /^(\*\.)?(\[[0-9a-f:.]+\]|[^:[\]*/@?#\\\s]+)(?::(\d{1,5}))?$/;

/**
 * Whether a credential may go to a URL (E5): exact `host[:port]`, or `*.example.com[:port]` for exactly one more
 * label; no port means the scheme's default port. Entries that cannot be read allow nothing.
 */
export function isAllowedHost(url: URL, allowedHosts: readonly string[]): boolean {
  const defaultPort = url.protocol === 'http:' ? 80 : 443;
  const port = url.port === '' ? defaultPort : Number(url.port);
  return allowedHosts.some((entry) => {
    const match = entryPattern.exec(entry.toLowerCase());
    if (match === null) return false;
    const [, wildcard, host = '', entryPort] = match;
    if ((entryPort === undefined ? defaultPort : Number(entryPort)) !== port) return false;
    if (wildcard === undefined) return url.hostname === host;
    // `*.com` would hand the credential to whoever registers a name.
    if (!host.includes('.') || /^[[\d.]+$/.test(host)) return false;
    const first = url.hostname.indexOf('.');
    return first > 0 && url.hostname.slice(first + 1) === host;
  });
}
