import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveKeyId, deriveSigningKey, deriveSigningKeyObject, lookupDigest } from './key-derivation.js';
import { computeKeyChecksum, isApiKeyFormat, keyPrefixForDisplay, mintApiKey } from './key-format.js';

const types = ['app', 'agent', 'rk', 'ak', 'dk', 'pk'] as const;
const random22 = 'abcdefghijklmnopqrstuv';

describe('API key format (wire/1 section 2)', () => {
  it.each([
    ['rk', 'iwpykn'],
    ['ak', 'v7lnv3'],
    ['dk', 'ai5awu'],
    ['pk', 'vegumf'],
  ] as const)('%s has the checksum %s', (type, checksum) => {
    expect(computeKeyChecksum(type, random22)).toBe(checksum);
    expect(isApiKeyFormat(`alter_${type}_${random22}_${checksum}`)).toBe(true);
  });

  it.each(types)(
    'a minted %s key is valid, new each time, and its random part has the right shape',
    (type) => {
      const shapes = {
        app: /^alter_key_app_[A-Za-z0-9_-]{36}$/,
        agent: /^alter_key_agent_[A-Za-z0-9_-]{34}$/,
      } as const;
      const shape =
        type === 'app' || type === 'agent'
          ? shapes[type]
          : new RegExp(`^alter_${type}_[a-z2-7]{22}_[a-z2-7]{6}$`);
      const keys = new Set(Array.from({ length: 50 }, () => mintApiKey(type)));
      expect(keys.size).toBe(50);
      for (const key of keys) {
        expect(key).toMatch(shape);
        expect(isApiKeyFormat(key)).toBe(true);
      }
    },
  );

  it('mints from the given randomness alone', () => {
    const random = (size: number) => Buffer.alloc(size, 1);
    expect(mintApiKey('rk', random)).toBe(mintApiKey('rk', random));
    expect(mintApiKey('dk', random)).toBe(
      `alter_dk_${'b'.repeat(22)}_${computeKeyChecksum('dk', 'b'.repeat(22))}`,
    );
  });

  it('any one changed character of a scoped key is noticed', () => {
    const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
    const key = mintApiKey('rk');
    fc.assert(
      fc.property(
        fc.integer({ min: 9, max: key.length - 1 }),
        fc.constantFrom(...alphabet),
        (index, letter) => {
          fc.pre(key[index] !== '_' && key[index] !== letter);
          expect(isApiKeyFormat(key.slice(0, index) + letter + key.slice(index + 1))).toBe(false);
        },
      ),
    );
  });

  it.each([
    '',
    'alter_key_',
    `alter_key_${'a'.repeat(39)}`,
    `alter_key_${'a'.repeat(41)}`,
    `alter_key_${'a'.repeat(40)}\n`,
    ` alter_key_${'a'.repeat(40)}`,
    `ALTER_key_${'a'.repeat(40)}`,
    `alter_key_${'a'.repeat(39)}!`,
    `alter_rk_${random22}_iwpyko`,
    `alter_xk_${random22}_iwpykn`,
    `alter_rk_${random22}_iwpykn\n`,
    `alter_rk_${random22.toUpperCase()}_iwpykn`,
    `xalter_rk_${random22}_iwpykn`,
  ])('refuses %j', (value) => {
    expect(isApiKeyFormat(value)).toBe(false);
  });

  it('K7: the display prefix is the type and four characters, and shows nothing of what is no key', () => {
    expect(keyPrefixForDisplay(`alter_key_app_${'b'.repeat(36)}`)).toBe('alter_key_app_bbbb');
    expect(keyPrefixForDisplay(`alter_key_agent_${'b'.repeat(34)}`)).toBe('alter_key_agent_bbbb');
    expect(keyPrefixForDisplay(`alter_key_${'c'.repeat(40)}`)).toBe('alter_key_cccc');
    expect(keyPrefixForDisplay(`alter_rk_${random22}_iwpykn`)).toBe('alter_rk_abcd');
    expect(keyPrefixForDisplay('my password')).toBe('invalid');
  });
});

describe('what is derived from an API key', () => {
  const apiKey = `alter_rk_${random22}_iwpykn`;

  it('T1: the key id is 32 hex characters, the same each time, another for another key', () => {
    expect(deriveKeyId(apiKey)).toMatch(/^[0-9a-f]{32}$/);
    expect(deriveKeyId(apiKey)).toBe(deriveKeyId(apiKey));
    expect(deriveKeyId(mintApiKey('rk'))).not.toBe(deriveKeyId(apiKey));
    expect(deriveSigningKey(apiKey).toString('hex')).not.toContain(deriveKeyId(apiKey));
  });

  it('T1: the key id is the HMAC that other clients can compute', () => {
    expect(deriveKeyId(apiKey)).toBe('0b1b3c0e044060bb5b98718485c1bfa7');
  });

  it('the prepared signing key is the same key', () => {
    expect(deriveSigningKeyObject(apiKey).export().equals(deriveSigningKey(apiKey))).toBe(true);
  });

  it('K5: the lookup digest depends on a key outside the database', () => {
    const digest = lookupDigest(createSecretKey(Buffer.alloc(32, 1)), deriveKeyId(apiKey));
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(lookupDigest(createSecretKey(Buffer.alloc(32, 2)), deriveKeyId(apiKey))).not.toBe(digest);
    expect(digest).not.toContain(deriveKeyId(apiKey));
  });
});
