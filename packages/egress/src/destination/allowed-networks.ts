import type ipaddr from 'ipaddr.js';
import { classifyAddress, isInNetwork, parseAddress } from './address-range.js';
import { type HostPattern, matchesHostName, parseHostPattern } from './host-pattern.js';

type Cidr = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** The operator's allowance for destinations inside the own network, read once per call. */
export type NetworkAllowance = { networks: readonly Cidr[]; hosts: readonly HostPattern[] };

/**
 * Whether an entry of `allowed_networks` can be read: a CIDR, an address, or a host name with optional port
 * (`*.` before a name stands for one label).
 */
export function isAllowedNetworkEntry(entry: string): boolean {
  return parseEntry(entry) !== undefined;
}

/** Reads the operator's list. Throws RangeError for an entry that is none of the three, so that a typo is not silence. */
export function parseAllowedNetworks(entries: readonly string[]): NetworkAllowance {
  const networks: Cidr[] = [];
  const hosts: HostPattern[] = [];
  for (const entry of entries) {
    const parsed = parseEntry(entry);
    if (parsed === undefined) throw new RangeError('allowed_networks: not a CIDR, an address or a host name');
    if (Array.isArray(parsed)) networks.push(parsed);
    else hosts.push(parsed);
  }
  return { networks, hosts };
}

/** Whether the operator allows this host by name, whatever it resolves to (cloud metadata excepted, see below). */
export function isHostAllowedByOperator(allowance: NetworkAllowance, host: string, port: number): boolean {
  return allowance.hosts.some(
    (pattern) => (pattern.port === undefined || pattern.port === port) && matchesHostName(pattern, host),
  );
}

/** Whether a connection to `address` may be opened. `address` is what DNS gave or the URL's literal. */
export function isAddressAllowed(
  address: string,
  facts: { allowance: NetworkAllowance; isHostAllowed: boolean; isDevelopment: boolean },
): boolean {
  const parsed = parseAddress(address);
  if (parsed === undefined) return false;
  const kind = classifyAddress(parsed);
  if (kind === 'metadata') return false;
  if (kind === 'public') return true;
  if (kind === 'loopback' && facts.isDevelopment) return true;
  return facts.isHostAllowed || facts.allowance.networks.some((network) => isInNetwork(parsed, network));
}

function parseEntry(entry: string): Cidr | HostPattern | undefined {
  if (entry.includes('/')) return parseNetwork(entry);
  const address = parseAddress(entry);
  if (address !== undefined) return [address, address.kind() === 'ipv4' ? 32 : 128];
  const pattern = parseHostPattern(entry);
  // A last label of digits makes the WHATWG parser read a number, so it can be no name.
  return pattern !== undefined && !/(^|\.)(0x[0-9a-f]*|\d+)$/.test(pattern.host) ? pattern : undefined;
}

function parseNetwork(entry: string): Cidr | undefined {
  const [base, bits, ...rest] = entry.split('/');
  if (base === undefined || bits === undefined || rest.length > 0 || !/^\d{1,3}$/.test(bits))
    return undefined;
  const address = parseAddress(base);
  const bitCount = Number(bits);
  if (address === undefined || bitCount > (address.kind() === 'ipv4' ? 32 : 128)) return undefined;
  return [address, bitCount];
}
