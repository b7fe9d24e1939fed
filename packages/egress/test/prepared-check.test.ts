import { describe, expect, it } from 'vitest';
import { checkDestination, prepareDestinationCheck } from '../src/index.js';
import { hostileSpellings } from './hostile-destinations.js';

const policy = {
  allowedHosts: ['api.example.com', '*.example.org', 'api.example.com:8443', '127.0.0.1:9', '[2606:4700::1]'],
  allowedNetworks: ['10.0.0.0/8'],
  isDevelopment: false,
};
const good = ['https://api.example.com/a', 'https://a.example.org', 'https://api.example.com:8443/?x=1#y'];
const hosts = [
  'api.example.com',
  'API.example.com',
  'a.example.org',
  'a.b.example.org',
  'example.net',
  '10.0.0.1',
];
const shapes = [
  'https://HOST',
  'https://HOST/',
  'http://HOST/',
  'HTTPS://HOST/',
  'https://HOST:443/',
  'https://HOST:8443/',
  'https://HOST:99999/',
  'https://HOST./',
  'https://HOST@evil.example/',
  'https://HOST\\@evil.example/',
  'https://HOST/\\evil.example',
  'https://HOST/a b',
  'https://HOST/\n',
  'https://HOST/%zz?%#%',
  'https://HOST?x://y',
  'https://HOST#@evil.example',
  'https:HOST/',
  'https:/HOST/',
  'https:///HOST/',
  `https://HOST/${'x'.repeat(9000)}`,
];

describe('E1: the prepared check', () => {
  const urls = [
    ...shapes.flatMap((shape) => hosts.map((host) => shape.replace('HOST', host))),
    ...hostileSpellings.map((spelling) => spelling.replace('PORT', '9')),
  ];

  it.each([false, true])(
    'says what the check says, also of origins it knows (development: %s)',
    (isDevelopment) => {
      const mine = { ...policy, isDevelopment };
      const check = prepareDestinationCheck(mine);
      for (const url of good) expect(check(url)).toMatchObject({ ok: true });
      for (const url of [...urls, ...urls]) {
        const expected = checkDestination(url, mine);
        expect([url.slice(0, 80), check(url)]).toEqual([
          url.slice(0, 80),
          expected.ok ? expect.objectContaining({ ok: true }) : expected,
        ]);
      }
    },
  );

  it('refuses a policy that cannot be read', () => {
    expect(() => prepareDestinationCheck({ ...policy, allowedNetworks: ['10.0.0.0/99'] })).toThrow(
      RangeError,
    );
  });
});
