import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInNetwork, parseAddress, parseNetwork } from './network.js';
import { readSourceAddress } from './source-address.js';

function contains(range: string, address: string): boolean | undefined {
  const network = parseNetwork(range);
  const parsed = readSourceAddress(address);
  if (network === undefined || parsed === undefined) return undefined;
  return isInNetwork(parsed, network);
}

describe('address ranges', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '9.255.255.255', false],
    ['10.9.8.7/8', '10.0.0.1', true],
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['192.0.2.0/31', '192.0.2.1', true],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '203.0.113.9', false],
    ['::/0', '2001:db8::1', true],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['2001:DB8:0:0::1', '2001:db8::1', true],
    ['fe80::/10', 'fe80::1%eth0', true],
  ])('P4: %s holds %s: %s', (range, address, expected) => {
    expect(contains(range, address)).toBe(expected);
  });

  it.each([
    ['10.0.0.0/8', '::ffff:10.1.2.3'],
    ['10.0.0.0/8', '::FFFF:a01:203'],
    ['10.0.0.0/8', '0:0:0:0:0:ffff:10.1.2.3'],
    ['::ffff:10.0.0.0/104', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['::ffff:10.0.0.0/104', '::ffff:10.1.2.3'],
    ['::ffff:0:0/96', '203.0.113.9'],
  ])('P4: mapped v4 is v4: %s holds %s', (range, address) => {
    expect(contains(range, address)).toBe(true);
    expect(contains(range, '11.0.0.1')).toBe(range.endsWith('/96'));
  });

  it('P4: membership in a v4 range is that of the first bits', () => {
    const octets = fc.tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 0, max: 255 })));
    const toNumber = (parts: number[]) => parts.reduce((sum, part) => sum * 256 + part, 0);
    fc.assert(
      fc.property(
        octets,
        octets,
        fc.integer({ min: 0, max: 32 }),
        fc.integer({ min: 0, max: 32 }),
        (a, b, bits, shared) => {
          // Half of the pairs share their first bits, so that both outcomes come up.
          const size = 2 ** (32 - shared);
          const first = toNumber(a);
          const second = Math.floor(first / size) * size + (toNumber(b) % size);
          const dotted = [24, 16, 8, 0].map((at) => Math.floor(second / 2 ** at) % 256).join('.');
          const isEqual = Math.floor(first / 2 ** (32 - bits)) === Math.floor(second / 2 ** (32 - bits));
          expect(contains(`${a.join('.')}/${bits}`, dotted)).toBe(isEqual);
          expect(contains(`${a.join('.')}/${bits}`, `::ffff:${dotted}`)).toBe(isEqual);
        },
      ),
    );
  });

  it('keeps giving right answers after more addresses than it remembers', () => {
    for (let index = 0; index < 2500; index += 1) {
      const address = `10.0.${index >> 8}.${index & 255}`;
      expect(readSourceAddress(address)?.toString()).toBe(address);
    }
    expect(readSourceAddress('nonsense')).toBeUndefined();
    expect(readSourceAddress('nonsense')).toBeUndefined();
    expect(readSourceAddress('1'.repeat(100))).toBeUndefined();
  });

  it.each([
    '',
    ' 10.0.0.1',
    '10.0.0.1 ',
    '10.0.0.256',
    '1',
    '::ffff:010.0.0.1',
    '::ffff:1.2.3',
    'localhost',
    '[::1]',
  ])('P2: %j is no address', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});
