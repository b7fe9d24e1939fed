import { classifyAddress, parseAddress } from './address-range.js';
import {
  isAddressAllowed,
  isHostAllowedByOperator,
  type NetworkAllowance,
  parseAllowedNetworks,
} from './allowed-networks.js';
import { isAllowedHost, isHostName } from './host-pattern.js';

/** Where a call may go. */
export type EgressPolicy = {
  /** Exact `host[:port]` or one-label wildcard `*.example.com`; absent: any public host. */
  allowedHosts?: readonly string[] | undefined;
  /** What the operator allows inside the own network: CIDRs, addresses, host names. */
  allowedNetworks?: readonly string[] | undefined;
  /** Loopback, and http on loopback, are allowed. */
  isDevelopment: boolean;
  /** Longest URL; default {@link urlLengthMax}. */
  urlCharactersMax?: number | undefined;
};

export type DestinationCheck =
  | { ok: true; url: URL }
  | { ok: false; code: 'blocked_destination' | 'invalid_url'; reason: string; host?: string };

/** Longest URL that is looked at where nothing else is said. */
export const urlLengthMax = 8192;
// Scheme, exactly two slashes, authority: nothing that a more forgiving parser would read differently.
const shape = /^(?<scheme>https?):\/\/(?<authority>[^/?#]+)/i;
/** What no URL may contain, whatever a parser would make of it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
export const forbiddenCharacters = /[\u0000-\u0020\u007f\\]/;
const metadataNames = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
]);
const internalSuffixes = [
  'localhost',
  'local',
  'internal',
  'home.arpa',
  'localdomain',
  'lan',
  'intranet',
  'corp',
];

/**
 * Judges a URL by its text, without DNS: spelling, scheme, allowed hosts, literal addresses, names that never leave a
 * machine or site. Throws RangeError when the policy itself cannot be read.
 */
export function checkDestination(url: string, policy: EgressPolicy): DestinationCheck {
  return checkDestinationWith(url, policy, parseAllowedNetworks(policy.allowedNetworks ?? []));
}

/** {@link checkDestination} with the operator's list already read. */
export function checkDestinationWith(
  text: string,
  policy: Pick<EgressPolicy, 'allowedHosts' | 'isDevelopment' | 'urlCharactersMax'>,
  allowance: NetworkAllowance,
): DestinationCheck {
  const parsed = parseUrl(text, policy.urlCharactersMax ?? urlLengthMax);
  if (!(parsed instanceof URL)) return { ok: false, code: 'invalid_url', reason: parsed };
  const host = parsed.host;
  const block = (reason: string): DestinationCheck => ({
    ok: false,
    code: 'blocked_destination',
    reason,
    host,
  });

  const isLoopback = isLoopbackHost(parsed.hostname);
  if (parsed.protocol === 'http:' && !(policy.isDevelopment && isLoopback)) return block('https is required');
  if (policy.allowedHosts !== undefined && !isAllowedHost(parsed, policy.allowedHosts)) {
    return block('the host is not among the allowed ones');
  }
  const port = readPort(parsed);
  if (port === 0) return block('the port is not usable');
  if (metadataNames.has(parsed.hostname)) return block('the host is a cloud metadata service');

  const isHostAllowed = isHostAllowedByOperator(allowance, parsed.hostname, port);
  if (parseAddress(parsed.hostname) !== undefined) {
    const facts = { allowance, isHostAllowed, isDevelopment: policy.isDevelopment };
    return isAddressAllowed(parsed.hostname, facts)
      ? { ok: true, url: parsed }
      : block('the address is not a public one');
  }
  if (isInternalName(parsed.hostname) && !isHostAllowed && !(policy.isDevelopment && isLoopback)) {
    return block('the name is not a public one');
  }
  return { ok: true, url: parsed };
}

/** The port a URL means. */
export function readPort(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'http:' ? 80 : 443;
}

/** Whether a URL's host is this machine by its very name or number. */
function isLoopbackHost(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return true;
  const address = parseAddress(hostname);
  return address !== undefined && classifyAddress(address) === 'loopback';
}

function isInternalName(hostname: string): boolean {
  if (!hostname.includes('.')) return true;
  return internalSuffixes.some((suffix) => hostname.endsWith(`.${suffix}`));
}

/** The parsed URL, or the reason why it is refused. */
function parseUrl(text: string, charactersMax: number): URL | string {
  if (typeof text !== 'string' || text.length === 0) return 'not a URL';
  if (text.length > charactersMax) return 'the URL is too long';
  if (forbiddenCharacters.test(text)) return 'the URL contains a space, a control character or a backslash';
  const match = shape.exec(text);
  const authority = match?.groups?.authority;
  if (authority === undefined) return 'not an absolute http or https URL';
  if (authority.includes('@')) return 'the URL contains user information';
  const url = URL.parse(text);
  if (url === null) return 'not a URL';
  const reason = findSpellingFault(authority, url);
  return reason ?? url;
}

function findSpellingFault(authority: string, url: URL): string | undefined {
  const rawHost = authority.replace(/:\d*$/, '').toLowerCase();
  // Full-width digits, percent-encoding and soft hyphens are folded by the parser into some other host.
  if (!/^[\x21-\x7e]+$/.test(rawHost)) return 'the host is not in ASCII (use its xn-- form)';
  if (rawHost.includes('%')) return 'the host is percent-encoded or has a zone';
  if (rawHost.startsWith('['))
    return parseAddress(url.hostname) === undefined ? 'the address cannot be read' : undefined;
  if (rawHost.endsWith('.')) return 'the host ends in a dot';
  // 2130706433, 0x7f.1 and 0177.0.0.1 all become 127.0.0.1: only the usual spelling is taken.
  if (rawHost !== url.hostname) return 'the host is spelled in an unusual way';
  if (parseAddress(url.hostname) === undefined && !isHostName(url.hostname))
    return 'the host is not a DNS name';
  return undefined;
}
