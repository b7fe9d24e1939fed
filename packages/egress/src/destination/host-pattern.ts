const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const namePattern = new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})*$`);
const entryPattern = /^(?<wildcard>\*\.)?(?<host>\[[0-9a-f:.]+\]|[^:[\]*/@?#\\\s]+)(?::(?<port>\d{1,5}))?$/;

/** One allowed host: exact name or address, or `*.` before a name for exactly one more label; optional port. */
export type HostPattern = { host: string; isWildcard: boolean; port: number | undefined };

/** A host name in its DNS form: lower case, ASCII labels, no empty label, no trailing dot. */
export function isHostName(text: string): boolean {
  return namePattern.test(text);
}

/** Reads `host[:port]` or `*.example.com[:port]`; undefined when it is neither. */
export function parseHostPattern(entry: string): HostPattern | undefined {
  const match = entryPattern.exec(entry.toLowerCase());
  const host = match?.groups?.host;
  if (host === undefined) return undefined;
  const isWildcard = match?.groups?.wildcard !== undefined;
  const portText = match?.groups?.port;
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && (port < 1 || port > 65535)) return undefined;
  if (!host.startsWith('[') && !isHostName(host)) return undefined;
  // `*.com` would hand a credential to whoever registers a name.
  if (isWildcard && (host.startsWith('[') || !host.includes('.') || /^[\d.]+$/.test(host))) return undefined;
  return { host, isWildcard, port };
}

/** Whether a URL's host and port fall under the pattern; a pattern without port means the scheme's default port. */
function matchesHostPattern(pattern: HostPattern, host: string, port: number, defaultPort: number): boolean {
  if ((pattern.port ?? defaultPort) !== port) return false;
  return matchesHostName(pattern, host);
}

/** Whether the name alone falls under the pattern. */
export function matchesHostName(pattern: HostPattern, host: string): boolean {
  if (!pattern.isWildcard) return pattern.host === host;
  const first = host.indexOf('.');
  return first > 0 && host.slice(first + 1) === pattern.host;
}

/** Whether a URL goes to one of `allowedHosts` (E1, E5). Entries that cannot be read match nothing. */
export function isAllowedHost(url: URL, allowedHosts: readonly string[]): boolean {
  const defaultPort = url.protocol === 'http:' ? 80 : 443;
  const port = url.port === '' ? defaultPort : Number(url.port);
  return allowedHosts.some((entry) => {
    const pattern = readEntry(entry);
    return pattern !== undefined && matchesHostPattern(pattern, url.hostname, port, defaultPort);
  });
}

const entriesMax = 10_000;
const readEntries = new Map<string, HostPattern | undefined>();

/** The same few entries are asked for at every call. */
function readEntry(entry: string): HostPattern | undefined {
  const known = readEntries.get(entry);
  if (known !== undefined || readEntries.has(entry)) return known;
  const pattern = parseHostPattern(entry);
  if (readEntries.size >= entriesMax) readEntries.clear();
  readEntries.set(entry, pattern);
  return pattern;
}
