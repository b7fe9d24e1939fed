import ipaddr from 'ipaddr.js';
import type { RequestHead } from '../intake/request-head.js';

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

const mappedPrefix = '::ffff:';

/** Reads the client's address; `X-Forwarded-For` counts only as far as it was written by a declared proxy (P4). */
export function createSourceAddressReader(trustedProxies: readonly string[]): (head: RequestHead) => string {
  const ranges = trustedProxies.map(parseRange);
  const isTrusted = (address: string): boolean => {
    if (!ipaddr.isValid(address)) return false;
    const parsed = ipaddr.process(address);
    return ranges.some(([base, bits]) => parsed.kind() === base.kind() && parsed.match(base, bits));
  };
  return (head) => {
    const peer = unmap(head.peerAddress);
    if (ranges.length === 0 || !isTrusted(peer)) return peer;
    const hops = (head.header('x-forwarded-for') ?? '').split(',').map((hop) => unmap(hop.trim()));
    let address = peer;
    for (const hop of hops.reverse()) {
      // What an unknown host wrote further left proves nothing, and neither does text that is no address.
      if (!ipaddr.isValid(hop)) break;
      address = hop;
      if (!isTrusted(hop)) break;
    }
    return address;
  };
}

function unmap(address: string): string {
  const isMapped = address.startsWith(mappedPrefix) && address.includes('.');
  return isMapped ? address.slice(mappedPrefix.length) : address;
}

function parseRange(text: string): Range {
  if (text.includes('/')) return ipaddr.parseCIDR(text);
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

/** Whether an address lies in one of these addresses or CIDRs; an address that cannot be read lies in none. */
export function isAddressInside(address: string, ranges: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return ranges.some((text) => {
    const [base, bits] = parseRange(text);
    return parsed.kind() === base.kind() && parsed.match(base, bits);
  });
}
