import { type Address, parseAddress } from './network.js';

const entriesMax = 1000;
const parsed = new Map<string, Address | undefined>();

/**
 * Reads the address of a peer as a socket gives it (a zone such as `%eth0` is ignored), or gives undefined.
 * Keeps recent results, because reading a v6 address costs more than all rules together.
 */
export function readSourceAddress(text: string): Address | undefined {
  const known = parsed.get(text);
  if (known !== undefined || parsed.has(text)) return known;
  const zone = text.indexOf('%');
  const address = parseAddress(zone === -1 ? text : text.slice(0, zone));
  if (parsed.size >= entriesMax) parsed.clear();
  // Nobody legitimate has an address this long; it must not be kept.
  if (text.length <= 64) parsed.set(text, address);
  return address;
}
