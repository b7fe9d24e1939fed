import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { deriveSigningKey, deriveSigningKeyObject } from '../api-keys/key-derivation.js';
import { sha256Hex } from '../digest.js';
import { buildSignedHeaders, createNonce, signRequest, verifySignature } from './request-signature.js';
import { buildStringToSign, type SigningParts } from './string-to-sign.js';

const apiKey = 'alter_rk_abcdefghijklmnopqrstuv_iwpykn';
const signingKey = deriveSigningKeyObject(apiKey);
const emptyHash = sha256Hex('');
const grantId = '11111111-1111-4111-8111-111111111111';
const agentId = '22222222-2222-4222-8222-222222222222';
const fixed = { timestamp: 1767225600.75, nonce: '00112233445566778899aabbccddeeff' };
const get = (target: string): SigningParts => ({ method: 'get', target, ...fixed, bodySha256: emptyHash });

const v4Body = `{"grant_id":"${grantId}","reason":"na\\u00efve \\u65e5\\u672c \\ud83d\\ude80","request":{"method":"GET","url":"https://api.example.com/v1/items?z=1"}}`;
const v7Body = `{"grant_id":"${grantId}","reason":null,"request":{"method":"GET","url":"https://api.example.com/v1/items"}}`;
const v7First: SigningParts = {
  method: 'POST',
  target: '/sdk/token',
  ...fixed,
  bodySha256: sha256Hex(v7Body),
  scopeConstraints: 'grants:read',
  requestRule: 'eyJydWxlX3R5cGUiOiJqc29uX21hdGNoIiwicnVsZV9ib2R5Ijp7ImVmZmVjdCI6ImRlbnkifX0',
  caller: 'email-assistant',
  callerType: 'agent',
  context: '{"run_id":"r-1"}',
};
const v7: SigningParts = { ...v7First, actorId: '33333333-3333-4333-8333-333333333333' };

const vectors: [name: string, parts: SigningParts, signature: string][] = [
  [
    'V1 GET with query',
    get('/sdk/agents?include_revoked=true&limit=25&offset=0'),
    '0a61d44df04118230f3d6dcf3888a1379686526812231d330f906705d6e749e6',
  ],
  [
    'V2 escaped value',
    get('/sdk/agents?name=a+b%2Bc~%C3%A9%2Fx'),
    '25214288223c52fe07d8f58fc634f3e6144da25149edc2185ffc37d99ce65672',
  ],
  [
    'V3 escaped path',
    get('/sdk/provider-specs/oauth/a%2Fb%3Ac%20%C3%A9'),
    '8a26628cb2e5d2393cb5cd63f701598638a13461ae967dc15f57bb510c24c9ae',
  ],
  [
    'V4 POST with unicode',
    { method: 'POST', target: '/sdk/token', ...fixed, bodySha256: sha256Hex(v4Body) },
    '83f065a4b7815b38939a1c789c0fed5366f994f9a953bc40657aca2efad4cee5',
  ],
  [
    'V5 DELETE without body',
    { ...get(`/sdk/grants/${grantId}/delegations/${agentId}`), method: 'DELETE' },
    '8f8e7f8b12fca2fcc91f5945fb5bc0234a8f000cad161a5029aae1d91fca0dbf',
  ],
  [
    'V6 PATCH with unsorted query',
    {
      ...get(`/sdk/agents/${agentId}?grace_seconds=0&expected_version=3`),
      method: 'PATCH',
      bodySha256: sha256Hex('{"scopes":{"google":["a"]}}'),
    },
    'ef7b484a232b1b324dbc404168966c5c3b19c1b3b99efbb070cf1bfa40d0ab97',
  ],
  ['V7 all optional lines', v7, '7703cd2405b08547c282e9d55233df62bd30ce2b41f98711a9353f3faf196106'],
  ['V7 first call, no actor id', v7First, '90360e63d2c7ede0b5ec12e0d0a80b44143e991f78554df83b78ec67d4f9e769'],
];

describe('request signature vectors (wire/1 section 3.1)', () => {
  it('derives the signing key of the vectors', () => {
    expect(deriveSigningKey(apiKey).toString('hex')).toBe(
      'd686d74251939c285fe8fa5ad18c0e2003f1ca17a5346e7838389386c1ac079f',
    );
  });

  it('has the body hashes of the vectors', () => {
    expect(Buffer.byteLength(v4Body)).toBe(171);
    expect(sha256Hex(v4Body)).toBe('12ad294a1684677c3821440c23c32370960f84c4173497eadee6ab918ae12b0e');
    expect(sha256Hex(v7Body)).toBe('7eebfde1cb5d2b29dfd915c8a9c0df3ef9c74c24d685c894bbfa679113b33f5b');
    expect(sha256Hex('{"scopes":{"google":["a"]}}')).toBe(
      'fdcffcbdebb2031e25f0237e1448286caf35d6cdb0db884901d977c661d77c31',
    );
  });

  it.each(vectors)('T1: %s signs and verifies', (_name, parts, signature) => {
    expect(signRequest(signingKey, parts).signature).toBe(signature);
    expect(signRequest(deriveSigningKey(apiKey), parts).signature).toBe(signature);
    expect(verifySignature(signingKey, parts, signature)).toBe(true);
    expect(verifySignature(deriveSigningKey(apiKey), parts, signature)).toBe(true);
  });

  it('builds the exact strings of V1 and V7', () => {
    expect(buildStringToSign(get('/sdk/agents?include_revoked=true&limit=25&offset=0'))).toBe(
      `GET\n/sdk/agents?include_revoked=true&limit=25&offset=0\n1767225600\n${fixed.nonce}\n${emptyHash}\n`,
    );
    expect(buildStringToSign(v7)).toBe(
      `POST\n/sdk/token\n1767225600\n${fixed.nonce}\n${v7.bodySha256}\ngrants:read\nrequest-rule:${v7.requestRule}\ncaller:email-assistant\ncaller-type:agent\nactor-id:${v7.actorId}\nactor-context:{"run_id":"r-1"}`,
    );
  });

  it('says V2 exactly when an identity line is present', () => {
    expect(signRequest(signingKey, get('/x')).isV2).toBe(false);
    expect(signRequest(signingKey, { ...get('/x'), requestRule: 'r', scopeConstraints: 's' }).isV2).toBe(
      false,
    );
    for (const name of ['caller', 'callerType', 'actorId', 'context'] as const) {
      expect(signRequest(signingKey, { ...get('/x'), [name]: 'v' }).isV2).toBe(true);
      expect(signRequest(signingKey, { ...get('/x'), [name]: '' }).isV2).toBe(false);
    }
  });
});

describe('verifySignature', () => {
  const { signature } = signRequest(signingKey, v7);
  const changes: Partial<SigningParts>[] = [
    { method: 'GET' },
    { target: '/sdk/token2' },
    { target: '/sdk/token?a=1' },
    { timestamp: '1767225601' },
    { nonce: 'ff112233445566778899aabbccddeeff' },
    { bodySha256: emptyHash },
    { scopeConstraints: 'grants:write' },
    { scopeConstraints: undefined },
    { requestRule: undefined },
    { caller: 'other' },
    { caller: undefined },
    { callerType: 'service' },
    { actorId: undefined },
    { context: '{}' },
  ];

  it.each(changes)('T1: a changed part breaks the signature: %o', (change) => {
    expect(verifySignature(signingKey, { ...v7, ...change }, signature)).toBe(false);
  });

  it('T1: a header added to a signed request breaks the signature', () => {
    const plain = signRequest(signingKey, get('/x')).signature;
    for (const name of ['caller', 'actorId', 'context', 'requestRule', 'scopeConstraints'] as const) {
      expect(verifySignature(signingKey, { ...get('/x'), [name]: 'v' }, plain)).toBe(false);
    }
  });

  it('T1: another key, or a signature in another form, is refused', () => {
    expect(verifySignature(createSecretKey(Buffer.alloc(32, 1)), v7, signature)).toBe(false);
    for (const bad of [
      '',
      signature.slice(2),
      `${signature}00`,
      signature.toUpperCase(),
      `z${signature.slice(1)}`,
    ]) {
      expect(verifySignature(signingKey, v7, bad)).toBe(false);
    }
  });

  it('T1: lines that are not in wire form are refused even when signed', () => {
    const malformed: Partial<SigningParts>[] = [
      { timestamp: '' },
      { timestamp: '+1767225600' },
      { timestamp: '1767225600.5' },
      { timestamp: '1767225600\n1' },
      { timestamp: Number.NaN },
      { nonce: 'AA112233445566778899AABBCCDDEEFF' },
      { nonce: '' },
      { bodySha256: '' },
      { bodySha256: 'x'.repeat(64) },
    ];
    for (const change of malformed) {
      const parts = { ...v7, ...change };
      expect(verifySignature(signingKey, parts, signRequest(signingKey, parts).signature)).toBe(false);
    }
  });
});

describe('buildSignedHeaders', () => {
  it('sends the signature twice with identity headers', () => {
    const { signature } = signRequest(signingKey, v7);
    expect(buildSignedHeaders(signingKey, v7)).toEqual({
      'X-Alter-Timestamp': '1767225600',
      'X-Alter-Nonce': fixed.nonce,
      'X-Alter-Content-SHA256': v7.bodySha256,
      'X-Alter-Signature': signature,
      'X-Alter-Signature-V2': signature,
      'X-Alter-Scope-Constraints': 'grants:read',
      'X-Alter-Request-Rule': v7.requestRule,
      'X-Alter-Caller': 'email-assistant',
      'X-Alter-Caller-Type': 'agent',
      'X-Alter-Actor-ID': v7.actorId,
      'X-Alter-Context': '{"run_id":"r-1"}',
    });
  });

  it('has the four plain headers otherwise', () => {
    expect(Object.keys(buildSignedHeaders(signingKey, get('/x')))).toEqual([
      'X-Alter-Timestamp',
      'X-Alter-Nonce',
      'X-Alter-Content-SHA256',
      'X-Alter-Signature',
    ]);
  });

  it('makes a new nonce each time, of 32 lowercase hex characters', () => {
    expect(createNonce()).toMatch(/^[0-9a-f]{32}$/);
    expect(createNonce()).not.toBe(createNonce());
    expect(createNonce(() => Buffer.from(fixed.nonce, 'hex'))).toBe(fixed.nonce);
  });
});
