import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constantTimeEqual, hashToken, sha256Hex } from './digest.js';
import { computeCodeChallenge, createCodeVerifier } from './pkce.js';

describe('digests', () => {
  it('sha256Hex gives the known values', () => {
    expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(sha256Hex(Buffer.from('abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(hashToken('abc')).toBe(sha256Hex('abc'));
  });

  it('constantTimeEqual is equality of bytes', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(constantTimeEqual(a, b)).toBe(a === b);
        expect(constantTimeEqual(a, Buffer.from(a))).toBe(true);
      }),
    );
    expect(constantTimeEqual('abc', 'abd')).toBe(false);
    expect(constantTimeEqual('abc', 'abcd')).toBe(false);
    expect(constantTimeEqual('', '')).toBe(true);
  });
});

describe('PKCE (RFC 7636)', () => {
  it('C3: the challenge is that of appendix B', () => {
    expect(computeCodeChallenge('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
      'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    );
  });

  it('C3: a verifier has 43 unreserved characters and is new each time', () => {
    expect(createCodeVerifier()).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(createCodeVerifier()).not.toBe(createCodeVerifier());
    expect(createCodeVerifier(() => new Uint8Array(32))).toBe('A'.repeat(43));
  });
});
