import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactUrl } from './redact-url.js';

describe('addresses in the audit log', () => {
  it.each([
    'token',
    'access_token',
    'key',
    'api_key',
    'apikey',
    'X-Api-Key',
    'secret',
    'client_secret',
    'code',
    'password',
    'passwd',
    'pwd',
    'signature',
    'sig',
    'X-Amz-Signature',
    'X-Amz-Security-Token',
    'X-Amz-Credential',
    'auth',
    'authorization',
    'jwt',
    'session',
    'id_token',
    'client_assertion',
    'oauth_signature',
    'hmac',
    'TOKEN',
    'acc%65ss_token',
    'subscription-key',
    'nested[token]',
  ])('A2: redacts the value of %s', (name) => {
    expect(redactUrl(`https://api.example.com/v1?page=2&${name}=s3cr3t&q=tea`)).toBe(
      `https://api.example.com/v1?page=2&${name}=redacted&q=tea`,
    );
  });

  it('leaves ordinary values as they are', () => {
    for (const url of [
      'https://api.example.com/v1/messages',
      'https://api.example.com/?q=key+lime&limit=10&fields=id,name&country_codes=de&keywords=x&page_token=',
      '/relative?after=10',
      '',
      '?',
      'not an address',
    ])
      expect(redactUrl(url)).toBe(url);
  });

  it.each([
    ['https://user:pass@api.example.com/x', 'https://api.example.com/x'],
    ['https://user@api.example.com', 'https://api.example.com'],
    ['//user:pa@ss@host/x', '//host/x'],
    ['https:\\\\user:pass@host/x', 'https:\\\\host/x'],
    ['https://host/x#access_token=abc', 'https://host/x'],
    ['https://host/bot123:AAF-x/sendMessage', 'https://host/redacted/sendMessage'],
    ['https://host/x?next=https%3A%2F%2Fevil%2F%3Ftoken%3Dabc', 'https://host/x?next=redacted'],
    ['https://host/x?eyJhbGciOi.JIUzI1NiJ9', 'https://host/x?redacted'],
    ['https://host/x?a=ghp_16C7e42F292c6912E7710c838347Ae178B4a;b=1', 'https://host/x?a=redacted;b=1'],
    [`https://host/x?a=${'v'.repeat(65)}`, 'https://host/x?a=redacted'],
    ['https://host/x?%=token&token=%', 'https://host/x?%=token&token=redacted'],
  ])('A2: %s', (url, expected) => expect(redactUrl(url)).toBe(expected));

  it('gives at most 2,048 characters, whatever comes in', () => {
    expect(redactUrl(`https://host/${'a/'.repeat(5_000)}`)).toHaveLength(2_048);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(redactUrl(text).length).toBeLessThanOrEqual(2_048);
      }),
    );
  });
});
