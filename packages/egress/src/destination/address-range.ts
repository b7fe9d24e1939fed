import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Cidr = [Address, number];

/** What an address is to egress: metadata is never reached, the others but `public` only where they are allowed. */
type AddressClass = 'public' | 'loopback' | 'metadata' | 'internal';

// Services that hand credentials to whoever asks from inside a cloud machine.
const metadataNetworks = [
  '169.254.169.0/24', // AWS, Google, Azure, Oracle, DigitalOcean, OpenStack
  '169.254.170.0/24', // AWS container and pod credentials
  '169.254.42.42/32', // Scaleway
  '169.254.0.23/32', // Tencent
  '100.100.100.200/32', // Alibaba
  '192.0.0.192/32', // Oracle (classic)
  '168.63.129.16/32', // Azure host agent: globally routable by its number
  'fd00:ec2::/32', // AWS
  'fd20:ce::/32', // Google
  'fd00:42::42/128', // Scaleway
].map((text) => ipaddr.parseCIDR(text) as Cidr);

const globalUnicast = ipaddr.parseCIDR('2000::/3') as Cidr;

/** Every address has a colon or begins with a digit. */
const addressLike = /^\d|:/;

/** Reads an IP address in its usual spelling; zone ids and odd spellings give undefined. */
export function parseAddress(text: string): Address | undefined {
  if (!addressLike.test(text)) return undefined;
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare);
  if (!bare.includes(':') || bare.includes('%')) return undefined;
  return ipaddr.IPv6.isValid(bare) ? ipaddr.IPv6.parse(bare) : undefined;
}

/** Whether `address` lies in `network` (different families never match). */
export function isInNetwork(address: Address, network: Cidr): boolean {
  return address.kind() === network[0].kind() && address.match(network);
}

/** Sorts an address by the IANA special-purpose registries; everything not plainly global unicast is `internal`. */
export function classifyAddress(address: Address): AddressClass {
  if (isMetadata(address)) return 'metadata';
  const range = address.range();
  if (range === 'loopback') return 'loopback';
  if (range !== 'unicast') return 'internal';
  if (address.kind() === 'ipv6' && !isInNetwork(address, globalUnicast)) return 'internal';
  return 'public';
}

function isMetadata(address: Address): boolean {
  if (metadataNetworks.some((network) => isInNetwork(address, network))) return true;
  if (address.kind() === 'ipv4') return false;
  return embeddedIpv4(address as ipaddr.IPv6).some((inner) =>
    metadataNetworks.some((network) => isInNetwork(inner, network)),
  );
}

// A translator or tunnel on the way turns these IPv6 forms into the IPv4 address they carry.
function embeddedIpv4(address: ipaddr.IPv6): ipaddr.IPv4[] {
  const b = address.toByteArray();
  const pick = (...indexes: number[]) => new ipaddr.IPv4(indexes.map((index) => b[index] ?? 0));
  const found: ipaddr.IPv4[] = [pick(12, 13, 14, 15)];
  if (b[0] === 0x20 && b[1] === 0x02) found.push(pick(2, 3, 4, 5));
  if (b[0] === 0x20 && b[1] === 0x01 && b[2] === 0 && b[3] === 0) {
    found.push(new ipaddr.IPv4([12, 13, 14, 15].map((index) => (b[index] ?? 0) ^ 0xff)));
  }
  if (b[0] === 0 && b[1] === 0x64 && b[2] === 0xff && b[3] === 0x9b) {
    found.push(pick(6, 7, 9, 10), pick(7, 9, 10, 11), pick(9, 10, 11, 12));
  }
  return found;
}
