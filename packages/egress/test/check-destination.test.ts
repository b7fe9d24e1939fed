import { describe, expect, it } from 'vitest';
import { checkDestination, isAllowedNetworkEntry, parseHostPattern } from '../src/index.js';

const judge = (url: string, allowedHosts?: string[], allowedNetworks?: string[], isDevelopment = false) => {
  const check = checkDestination(url, { allowedHosts, allowedNetworks, isDevelopment });
  return check.ok ? 'ok' : check.code;
};

describe('E1: allowed hosts', () => {
  it.each([
    ['https://api.example.com/x?y=1', ['api.example.com'], 'ok'],
    ['https://API.example.com/', ['api.example.com'], 'ok'],
    ['https://api.example.com:443/', ['api.example.com'], 'ok'],
    ['https://api.example.com/', ['API.Example.com:443'], 'ok'],
    ['https://api.example.com:8443/', ['api.example.com'], 'blocked_destination'],
    ['https://api.example.com:8443/', ['api.example.com:8443'], 'ok'],
    ['https://api.example.com/', ['api.example.com:8443'], 'blocked_destination'],
    ['https://a.example.com/', ['*.example.com'], 'ok'],
    ['https://a.b.example.com/', ['*.example.com'], 'blocked_destination'],
    ['https://example.com/', ['*.example.com'], 'blocked_destination'],
    ['https://evilexample.com/', ['*.example.com'], 'blocked_destination'],
    ['https://api.example.com.evil.net/', ['api.example.com'], 'blocked_destination'],
    ['https://xn--pi-7kc.example.com/', ['api.example.com'], 'blocked_destination'],
    ['https://a.example.com/', [], 'blocked_destination'],
    ['https://a.com/', ['*.com'], 'blocked_destination'],
    ['https://a.com/', ['*'], 'blocked_destination'],
    ['https://8.8.8.8/', ['*.8.8.8'], 'blocked_destination'],
    ['https://8.8.8.8/', ['8.8.8.8'], 'ok'],
    ['https://[2606:4700::1]/', ['[2606:4700::1]'], 'ok'],
  ] as const)('%s against %j: %s', (url, hosts, expected) => {
    expect(judge(url, [...hosts])).toBe(expected);
  });

  it('any public host where no list is given', () => {
    expect(judge('https://api.example.com/')).toBe('ok');
    expect(judge('https://xn--exmple-cua.com/')).toBe('ok');
  });

  it.each([
    '',
    '*',
    '*.com',
    'a..b',
    'https://a.com',
    'a.com/x',
    'a@b.com',
    'a.com:0',
    'a.com:70000',
    'a b.com',
    '*.*.example.com',
    'a.*.com',
  ])('an entry that cannot be read: %j', (entry) => {
    expect(parseHostPattern(entry)).toBeUndefined();
  });
});

describe('E1: what the operator allows', () => {
  it.each([
    ['https://10.1.2.3/', ['10.0.0.0/8'], 'ok'],
    ['https://10.1.2.3/', ['10.1.2.3'], 'ok'],
    ['https://11.1.2.3/', ['10.0.0.0/8'], 'ok'],
    ['https://192.168.0.1/', ['10.0.0.0/8'], 'blocked_destination'],
    ['https://gitlab.internal/', ['gitlab.internal'], 'ok'],
    ['https://gitlab.internal:8443/', ['gitlab.internal'], 'ok'],
    ['https://gitlab.internal:8443/', ['gitlab.internal:443'], 'blocked_destination'],
    ['https://other.internal/', ['gitlab.internal'], 'blocked_destination'],
    ['https://gitlab/', ['gitlab'], 'ok'],
    ['https://[fd12::1]/', ['fd12::/16'], 'ok'],
    ['https://[::ffff:10.0.0.1]/', ['10.0.0.0/8'], 'blocked_destination'],
    ['http://gitlab.internal/', ['gitlab.internal'], 'blocked_destination'],
  ] as const)('%s with %j: %s', (url, networks, expected) => {
    expect(judge(url, undefined, [...networks])).toBe(expected);
  });

  it('the allowance does not widen the allowed hosts', () => {
    expect(judge('https://10.1.2.3/', ['api.example.com'], ['10.0.0.0/8'])).toBe('blocked_destination');
  });

  it.each([
    '10.0.0.0/33',
    '10.0.0/8',
    'x/8',
    '10.0.0.0/',
    '::/129',
    '10.0.0.0/8/8',
    'a b',
    'https://a.com',
    '0x7f.1',
    '2130706433',
  ])('an unreadable entry is an error: %j', (entry) => {
    expect(isAllowedNetworkEntry(entry)).toBe(false);
    expect(() =>
      checkDestination('https://a.com/', { isDevelopment: false, allowedNetworks: [entry] }),
    ).toThrow(RangeError);
  });
});

describe('E1: development', () => {
  it.each([
    ['http://127.0.0.1:4700/', 'ok'],
    ['http://localhost:4700/', 'ok'],
    ['http://app.localhost/', 'ok'],
    ['http://[::1]:4700/', 'ok'],
    ['https://localhost/', 'ok'],
    ['http://api.example.com/', 'blocked_destination'],
    ['http://10.0.0.1/', 'blocked_destination'],
    ['http://0.0.0.0/', 'blocked_destination'],
    ['http://localhost.example.com/', 'blocked_destination'],
    ['http://user@localhost/', 'invalid_url'],
    ['http://127.1/', 'invalid_url'],
  ] as const)('%s: %s', (url, expected) => {
    expect(judge(url, undefined, undefined, true)).toBe(expected);
  });

  it('http port 80 and a listed port', () => {
    expect(judge('http://127.0.0.1:4700/', ['127.0.0.1:4700'], undefined, true)).toBe('ok');
    expect(judge('http://127.0.0.1:4701/', ['127.0.0.1:4700'], undefined, true)).toBe('blocked_destination');
    expect(judge('http://127.0.0.1/', ['127.0.0.1'], undefined, true)).toBe('ok');
  });
});
