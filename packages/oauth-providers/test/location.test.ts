import { describe, expect, it } from 'vitest';
import {
  allowedApiHosts,
  expandUrlParams,
  listApiBaseUrls,
  resolveProviderDefinition,
  validateUrlParams,
} from '../src/index.js';

const salesforce = resolveProviderDefinition({ id: 'salesforce' });
const acme = resolveProviderDefinition({
  id: 'acme',
  overrides: {
    name: 'Acme',
    authorization_endpoint: 'https://{subdomain}.acme.com/authorize',
    token_endpoint: 'https://{subdomain}.acme.com/{region}/token',
    url_params: [
      { name: 'subdomain', label: 'Subdomain' },
      { name: 'region', label: 'Region', options: ['eu', 'us'], default: 'eu' },
    ],
  },
});

describe('C7: connect parameters', () => {
  it('defaults, listed values, and what is missing', () => {
    expect(validateUrlParams(acme, { subdomain: 'One-2' })).toEqual({
      ok: true,
      params: { subdomain: 'One-2', region: 'eu' },
    });
    expect(validateUrlParams(acme, { region: 'mars' })).toEqual({
      ok: false,
      issues: [
        { name: 'subdomain', message: 'is needed' },
        { name: 'region', message: 'has a value that is not allowed' },
      ],
    });
    expect(validateUrlParams(acme, { subdomain: 'a', other: 'x' })).toMatchObject({
      ok: false,
      issues: [{ name: 'other' }],
    });
    expect(validateUrlParams(acme, { subdomain: 'a', toString: 'x' })).toMatchObject({ ok: false });
  });

  it.each([
    '',
    '.',
    '..',
    'a.b',
    '-a',
    'a-',
    'a/b',
    'a\\b',
    'a@b',
    'a:1',
    'a?b',
    'a#b',
    'a%2eb',
    'a b',
    'a\n',
    'evil.com/',
    'evil.com#',
    'ａ',
    'a'.repeat(64),
    '127.0.0.1',
    '{x}',
  ])('no single DNS label: %j', (subdomain) => {
    expect(validateUrlParams(acme, { subdomain }).ok).toBe(false);
    expect(() => expandUrlParams(acme, acme.token_endpoint, { subdomain })).toThrow(RangeError);
  });

  it.each([
    'evil.com',
    'login.salesforce.com.evil.com',
    'evil.com/.my.salesforce.com',
    'evil.com?.my.salesforce.com',
    'a..my.salesforce.com',
    'login.salesforce.com\n',
    'LOGIN.salesforce.com',
    'x.my.salesforce.com:444',
    'u@x.my.salesforce.com',
    '.my.salesforce.com',
  ])('no Salesforce host: %j', (domain) => {
    expect(validateUrlParams(salesforce, { domain }).ok).toBe(false);
  });

  it.each(['..', '../x', 'a/../b', 'common/x', '.', 'a..b'])('no Microsoft tenant: %j', (tenant) => {
    expect(validateUrlParams(resolveProviderDefinition({ id: 'microsoft' }), { tenant }).ok).toBe(false);
  });

  it.each([
    'login.salesforce.com',
    'test.salesforce.com',
    'acme.my.salesforce.com',
    'acme--dev.sandbox.my.salesforce.com',
  ])('Salesforce host %s', (domain) => {
    expect(validateUrlParams(salesforce, { domain }).ok).toBe(true);
  });

  it('own hosts of the provider follow the parameter', () => {
    expect(allowedApiHosts(acme, { subdomain: 'one' })).toEqual(['one.acme.com']);
  });
});

describe('E1: hosts learnt from the token response', () => {
  const hosts = (instance_url: string) => allowedApiHosts(salesforce, {}, { instance_url });

  it('under an allowed suffix', () => {
    expect(hosts('https://acme.my.salesforce.com')).toEqual([
      'login.salesforce.com',
      'acme.my.salesforce.com',
    ]);
    expect(hosts('acme.lightning.force.com')).toEqual(['login.salesforce.com', 'acme.lightning.force.com']);
  });

  it.each([
    'https://evil.com',
    'https://evilsalesforce.com',
    'https://salesforce.com.evil.com',
    'https://u@acme.my.salesforce.com',
    'https://acme.my.salesforce.com:8443',
    'https://acme.my.salesforce.com\\@evil.com',
    'https://127.0.0.1',
    'javascript:alert(1)',
    '',
    '//evil.com',
    'https://evil.com/.salesforce.com',
    'https://evil.com#.salesforce.com',
  ])('not: %j', (url) => {
    expect(hosts(url)).toEqual(['login.salesforce.com']);
  });

  it('an emulated provider on loopback by configuration', () => {
    const definition = resolveProviderDefinition({
      id: 'salesforce',
      overrides: { runtime_hosts: [{ metadata: 'instance_url', allowed_suffixes: ['127.0.0.1:4710'] }] },
    });
    expect(allowedApiHosts(definition, {}, { instance_url: 'http://127.0.0.1:4710' })).toContain(
      '127.0.0.1:4710',
    );
    expect(allowedApiHosts(definition, {}, { instance_url: 'http://127.0.0.1:4711' })).toEqual([
      'login.salesforce.com',
    ]);
  });

  it('base addresses, where the host is known', () => {
    expect(listApiBaseUrls(salesforce)).toEqual([]);
    expect(listApiBaseUrls(salesforce, {}, { instance_url: 'https://acme.my.salesforce.com/' })).toEqual([
      'https://acme.my.salesforce.com',
    ]);
    expect(listApiBaseUrls(resolveProviderDefinition({ id: 'slack' }))).toEqual(['https://slack.com/api']);
  });
});
