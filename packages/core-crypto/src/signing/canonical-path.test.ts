import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalPath } from './canonical-path.js';

describe('canonicalPath', () => {
  it.each([
    ['/sdk/x?b=2&a=&a=1&c', '/sdk/x?a=&a=1&b=2&c='],
    ['/sdk/x?a=1;b=2', '/sdk/x?a=1%3Bb%3D2'],
    ['/sdk/x?k=a+b&k=a%20b', '/sdk/x?k=a+b&k=a+b'],
    ['/sdk/x?a=%zz', '/sdk/x?a=%25zz'],
    ['/sdk/x%20y?q=a%20b', '/sdk/x y?q=a+b'],
    ["/sdk/x?z=~-_.*!'()", '/sdk/x?z=~-_.%2A%21%27%28%29'],
    ['/sdk/x?B=1&a=2&%C3%A9=3&a=10&a=9', '/sdk/x?B=1&a=10&a=2&a=9&%C3%A9=3'],
    ['/sdk/x+y', '/sdk/x+y'],
    ['/sdk/agents?name=a+b%2Bc~%C3%A9%2Fx', '/sdk/agents?name=a+b%2Bc~%C3%A9%2Fx'],
    ['/sdk/provider-specs/oauth/a%2Fb%3Ac%20%C3%A9', '/sdk/provider-specs/oauth/a/b:c é'],
  ])('wire/1 section 3: %s becomes %s', (target, expected) => {
    expect(canonicalPath(target)).toBe(expected);
  });

  it.each([
    ['/p', '/p'],
    ['/p?', '/p'],
    ['/p?&&', '/p?'],
    ['/p?=', '/p?='],
    ['/p?a=b?c', '/p?a=b%3Fc'],
    ['/p?a=b=c', '/p?a=b%3Dc'],
    ['/p?&a=1&', '/p?a=1'],
    ['/p?b=&a', '/p?a=&b='],
    ['/p?a=%00%7f%ff', '/p?a=%00%7F%EF%BF%BD'],
    ['/p%3Fa%3D1', '/p?a=1'],
    ['/%2525', '/%25'],
    ['/%C3a%zz%', '/\u{fffd}a%zz%'],
    ['/%E2%82', '/\u{fffd}'],
    ['/%EF%BB%BFx', '/\u{feff}x'],
    ['/%F0%9F%9A%80', '/🚀'],
    ['/p?%F0%90%80%80=1&%EE%80%80=2', '/p?%EE%80%80=2&%F0%90%80%80=1'],
    ['/p?ab=1&a=2', '/p?a=2&ab=1'],
  ])('edge: %s becomes %s', (target, expected) => {
    expect(canonicalPath(target)).toBe(expected);
  });

  const piece = fc.string({ unit: fc.constantFrom(...'aB0=+;~%2F%C3%A9%zz!*\u{e000}🚀 ') });

  it('the canonical query is a fixed point', () => {
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const once = canonicalPath(`/p?${pieces.join('&')}`);
        const again = canonicalPath(once);
        expect(again).toBe(once === '/p?' ? '/p' : once);
      }),
    );
  });

  it('the order of the pairs on the wire does not matter', () => {
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1 }), fc.nat(), (pieces, shift) => {
        const turn = shift % pieces.length;
        const turned = [...pieces.slice(turn), ...pieces.slice(0, turn)].reverse();
        const query = pieces.join('&');
        if (query !== '') expect(canonicalPath(`/p?${turned.join('&')}`)).toBe(canonicalPath(`/p?${query}`));
      }),
    );
  });

  it('agrees with URLSearchParams on decoding, sorting aside', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, value) => {
        const pair = new URLSearchParams([[name, value]]);
        const canonical = canonicalPath(`/p?${pair}`);
        // The platform's serializer leaves `*` and escapes `~`; all else is the same.
        expect(canonical).toBe(`/p?${pair.toString().replaceAll('*', '%2A').replaceAll('%7E', '~')}`);
      }),
    );
  });

  it('decodes any bytes in the path as the platform decoder does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        const escaped = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
        expect(canonicalPath(`/${escaped}`)).toBe(
          `/${new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)}`,
        );
      }),
    );
  });
});
