import ipaddr from 'ipaddr.js';

/** An address after normalisation: mapped v4 is v4. */
export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A range of addresses; a single address has all its bits. */
export type Network = { address: Address; prefixBits: number };

const prefixPattern = /^(?:0|[1-9]\d{0,2})$/;
const mappedPrefix = '::ffff:';
// `::1.2.3.4` is the deprecated IPv4-compatible form, which the library reads as if it were a mapped address.
const compatiblePattern = /^::\d+\./;

/**
 * Reads an address, or gives undefined. Strict: v4 in four decimal parts only (no octal, hex or short forms, which
 * other programs read differently), v6 without a zone.
 */
export function parseAddress(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  // What a dual-stack socket gives for a v4 peer; several times cheaper than the general way.
  if (text.startsWith(mappedPrefix)) {
    const rest = text.slice(mappedPrefix.length);
    if (ipaddr.IPv4.isValidFourPartDecimal(rest)) return ipaddr.IPv4.parse(rest);
  }
  if (text.includes('%') || compatiblePattern.test(text) || !ipaddr.IPv6.isValid(text)) return undefined;
  if (text.includes('.') && !ipaddr.IPv4.isValidFourPartDecimal(text.slice(text.lastIndexOf(':') + 1))) {
    return undefined;
  }
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/** Reads an address or a CIDR range, or gives undefined. Bits of the address below the prefix are ignored. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const addressText = slash === -1 ? text : text.slice(0, slash);
  const address = parseAddress(addressText);
  if (address === undefined) return undefined;
  const addressBits = address.kind() === 'ipv4' ? 32 : 128;
  if (slash === -1) return { address, prefixBits: addressBits };
  const prefixText = text.slice(slash + 1);
  if (!prefixPattern.test(prefixText)) return undefined;
  // A mapped range counts its prefix in v6 bits.
  const shift = addressBits === 32 && addressText.includes(':') ? 96 : 0;
  const prefixBits = Number(prefixText) - shift;
  return prefixBits < 0 || prefixBits > addressBits ? undefined : { address, prefixBits };
}

/** Whether an address lies in a range; v4 never lies in a v6 range. */
export function isInNetwork(address: Address, network: Network): boolean {
  return address.kind() === network.address.kind() && address.match(network.address, network.prefixBits);
}
