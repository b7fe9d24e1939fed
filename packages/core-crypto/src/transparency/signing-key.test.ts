import { describe, expect, it } from 'vitest';
import { generateSigningKey, importSigningKey, importVerifyingKey, SigningKeyError } from './signing-key.js';

describe('Ed25519 keys', () => {
  it('sign as the first test vector of RFC 8032 section 7.1, with the thumbprint of RFC 8037 section A.3', () => {
    const privateText = Buffer.from(
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'hex',
    ).toString('base64url');
    const key = importSigningKey(privateText);
    expect(key.publicJwk).toEqual({
      kty: 'OKP',
      crv: 'Ed25519',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
      kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
    });
    expect(key.sign('').toString('hex')).toBe(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    );
    expect(key.exportPrivate()).toBe(privateText);
  });

  it('a public key is read from PEM, JWK, key set and plain text, and checks what its other half signed', () => {
    const key = generateSigningKey();
    const { publicJwk } = key;
    const signature = key.sign('text');
    const pem = importVerifyingKey(publicJwk.x).exportPem();
    for (const text of [publicJwk.x, pem, JSON.stringify(publicJwk), JSON.stringify({ keys: [publicJwk] })]) {
      const read = importVerifyingKey(` ${text}\n`);
      expect(read.publicJwk).toEqual(publicJwk);
      expect(read.verify('text', signature)).toBe(true);
      expect(read.verify('texT', signature)).toBe(false);
      expect(read.verify('text', signature.subarray(1))).toBe(false);
    }
    expect(importVerifyingKey(generateSigningKey().publicJwk.x).verify('text', signature)).toBe(false);
  });

  it('refuses everything else', () => {
    const texts = ['', 'x', '{}', '{"keys":[]}', '{"crv":"P-256","x":"y"}', '-----BEGIN PUBLIC KEY-----'];
    for (const text of texts) expect(() => importVerifyingKey(text)).toThrow(SigningKeyError);
    expect(() => importSigningKey('short')).toThrow(SigningKeyError);
  });
});
