import { describe, expect, it } from 'vitest';
import { isRegisteredOrigin, isRegisteredReturnUrl } from './registered-addresses.js';

describe('C4: registered origins', () => {
  const registered = ['https://app.example.com', 'http://127.0.0.1:4600'];

  it('takes an origin exactly as registered', () => {
    expect(isRegisteredOrigin('https://app.example.com', registered)).toBe(true);
    expect(isRegisteredOrigin('http://127.0.0.1:4600', registered)).toBe(true);
  });

  it.each([
    '*',
    'null',
    '',
    'https://app.example.com/',
    'https://app.example.com:443',
    'https://APP.example.com',
    'http://app.example.com',
    'https://app.example.com.evil.test',
    'https://evil.test/https://app.example.com',
    'https://user@app.example.com',
    'http://127.0.0.1:46000',
  ])('refuses %s', (origin) => {
    expect(isRegisteredOrigin(origin, registered)).toBe(false);
  });

  it('refuses a registered entry that is no origin', () => {
    expect(isRegisteredOrigin('https://app.example.com/path', ['https://app.example.com/path'])).toBe(false);
  });
});

describe('C8: return URLs', () => {
  const registered = ['https://app.example.com/connected', 'https://app.example.com/oauth/'];

  it.each([
    'https://app.example.com/connected',
    'https://app.example.com/connected?tab=1',
    'https://app.example.com/connected/',
    'https://app.example.com/connected/google',
    'https://app.example.com/oauth/',
    'https://app.example.com/oauth/done#part',
    'https://app.example.com:443/connected',
  ])('takes %s', (url) => {
    expect(isRegisteredReturnUrl(url, registered)).toBe(true);
  });

  it.each([
    'https://app.example.com/connectedevil',
    'https://app.example.com/',
    'https://app.example.com/connected/../admin',
    'https://app.example.com/connected/%2e%2e/admin',
    'https://app.example.com/connected/..%2fadmin',
    'https://app.example.com\\@evil.test/connected',
    'https://app.example.com@evil.test/connected',
    'https://user:pass@app.example.com/connected',
    'http://app.example.com/connected',
    'https://app.example.com:8443/connected',
    '//evil.test/connected',
    '/connected',
    'javascript:alert(1)',
    'https://app.example.com/conn\tected',
    'https://app.example.com/connected\n',
    '',
    'https://evil.test/?https://app.example.com/connected',
    'https://app.example.com/oauth',
  ])('refuses %s', (url) => {
    expect(isRegisteredReturnUrl(url, registered)).toBe(false);
  });
});
