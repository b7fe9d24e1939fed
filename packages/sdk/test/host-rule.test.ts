import { describe, expect, it } from 'vitest';
import { isAllowedHost } from '../src/calls/host-rule.js';
import { parseBearerChallenge } from '../src/outcome/bearer-challenge.js';
import { encodeCallContext } from '../src/vault/call-context.js';

describe('E5: isAllowedHost', () => {
  it.each<[string, string, boolean]>([
    ['https://api.test/x', 'api.test', true],
    ['https://API.test/x', 'Api.Test', true],
    ['https://api.test:443/', 'api.test', true],
    ['https://api.test:8443/', 'api.test', false],
    ['https://api.test:8443/', 'api.test:8443', true],
    ['https://api.test/', 'api.test:443', true],
    ['http://127.0.0.1:80/', '127.0.0.1', true],
    ['http://127.0.0.1:81/', '127.0.0.1', false],
    ['http://[::1]:81/', '[::1]:81', true],
    ['https://api.test./', 'api.test', false],
    ['https://evilapi.test/', 'api.test', false],
    ['https://api.test.evil.test/', 'api.test', false],
    ['https://a.api.test/', '*.api.test', true],
    ['https://api.test/', '*.api.test', false],
    ['https://a.b.api.test/', '*.api.test', false],
    ['https://a.api.test:8443/', '*.api.test:8443', true],
    ['https://api.test/', '*.test', false],
    ['https://api.test/', '*', false],
    ['https://api.test/', '', false],
    ['https://api.test/', 'https://api.test', false],
    ['https://xn--pi-7kc.test/', 'api.test', false],
    ['http://1.0.0.1/', '*.0.0.1', false],
  ])('%s against %j: %s', (url, entry, expected) => {
    expect(isAllowedHost(new URL(url), [entry])).toBe(expected);
  });
});

describe('parseBearerChallenge', () => {
  it.each<[string | null, unknown]>([
    [null, undefined],
    ['Basic realm="x"', undefined],
    ['Basic realm="x", Bearer error="insufficient_scope"', undefined],
    ['Bearer', { error: undefined, scopes: undefined }],
    ['BEARER error=insufficient_scope', { error: 'insufficient_scope', scopes: undefined }],
    [
      'Bearer realm="a \\"b\\", c", error="insufficient_scope",scope="x y"',
      { error: 'insufficient_scope', scopes: ['x', 'y'] },
    ],
    [
      'Bearer realm="a", Basic realm="b", error="insufficient_scope"',
      { error: undefined, scopes: undefined },
    ],
    ['Bearer error="a", error="insufficient_scope"', { error: 'a', scopes: undefined }],
  ])('%s', (header, expected) => {
    expect(parseBearerChallenge(header)).toEqual(expected);
  });

  it('is quick on hostile input', () => {
    const started = performance.now();
    parseBearerChallenge(`Bearer ${'a="\\\\'.repeat(20_000)}`);
    parseBearerChallenge(`Bearer ${' ,'.repeat(50_000)}`);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('encodeCallContext', () => {
  it('is compact ASCII JSON', () => {
    expect(encodeCallContext({ tool: 'é🚀' })).toBe('{"tool":"\\u00e9\\ud83d\\ude80"}');
    expect(encodeCallContext({})).toBeUndefined();
  });

  it('T3: has the limits of the wire', () => {
    const many = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`k${index}`, 'v']));
    expect(() => encodeCallContext(many)).toThrow('20 keys');
    const wide = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`k${index}`, 'x'.repeat(500)]));
    expect(() => encodeCallContext(wide)).toThrow('too long');
  });
});
