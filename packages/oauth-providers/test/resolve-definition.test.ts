import { describe, expect, it } from 'vitest';
import {
  allowedApiHosts,
  ProviderDefinitionError,
  providerOverridesSchema,
  resolveProviderDefinition,
} from '../src/index.js';

const acme = {
  name: 'Acme',
  authorization_endpoint: 'http://127.0.0.1:4700/authorize',
  token_endpoint: 'http://127.0.0.1:4700/token',
  revocation_endpoint: 'http://127.0.0.1:4700/revoke',
  userinfo_endpoint: 'http://127.0.0.1:4700/me',
  account: { id: '/sub', identifier: '/email', display_name: '/name' },
  token_endpoint_auth_method: 'client_secret_basic' as const,
  pkce: 'S256' as const,
  api_hosts: ['127.0.0.1:4700'],
};

function issuesOf(id: string, overrides: unknown): string[] {
  try {
    resolveProviderDefinition({ id, overrides: overrides as never });
  } catch (error) {
    if (error instanceof ProviderDefinitionError) return error.issues.map((issue) => issue.path.join('.'));
    throw error;
  }
  return [];
}

describe("a provider of one's own", () => {
  it('as in the documented configuration', () => {
    const definition = resolveProviderDefinition({ id: 'acme', overrides: acme });
    expect(definition).toMatchObject({
      id: 'acme',
      display_name: 'Acme',
      revocation_style: 'rfc7009',
      refresh_reuse: 'strict',
      account: {
        source: 'userinfo',
        id: ['/sub'],
        identifier: ['/email'],
        display_name: ['/name'],
        email: ['/email'],
      },
    });
    expect(allowedApiHosts(definition)).toEqual(['127.0.0.1:4700']);
  });

  it('needs its endpoints, and says which', () => {
    expect(issuesOf('acme', { name: 'Acme', account: { source: 'token_response' } })).toEqual([
      'authorization_endpoint',
      'token_endpoint',
    ]);
  });

  it('the hosts of token and userinfo endpoint where no others are named; no revocation where no endpoint is', () => {
    const { api_hosts, revocation_endpoint, ...rest } = acme;
    const definition = resolveProviderDefinition({ id: 'acme', overrides: rest });
    expect(definition.api_hosts).toEqual(api_hosts);
    expect(revocation_endpoint).toBeDefined();
    expect(definition.revocation_style).toBe('none');
  });

  it('reads the account from the id token where there is no userinfo endpoint', () => {
    const { userinfo_endpoint, ...rest } = acme;
    expect(userinfo_endpoint).toBeDefined();
    expect(resolveProviderDefinition({ id: 'acme', overrides: rest }).account.source).toBe('id_token');
  });

  it('names parameters in its URLs only when it describes them', () => {
    const overrides = { ...acme, token_endpoint: 'https://{sub}.acme.com/token' };
    expect(issuesOf('acme', overrides)).toEqual(['token_endpoint']);
    expect(issuesOf('acme', { ...overrides, url_params: [{ name: 'sub', label: 'Subdomain' }] })).toEqual([]);
  });
});

describe('a catalogue entry with changes', () => {
  it('keeps what is not changed, merges the account, renames', () => {
    const definition = resolveProviderDefinition({
      id: 'google',
      overrides: {
        name: 'Google Workspace',
        token_endpoint: 'http://127.0.0.1:1/t',
        account: { display_name: '/given_name' },
        refresh_reuse: 'window',
      },
    });
    expect(definition).toMatchObject({
      display_name: 'Google Workspace',
      token_endpoint: 'http://127.0.0.1:1/t',
      authorization_endpoint: 'https://accounts.google.com/o/oauth2/v2/auth',
      account: { id: ['/sub'], display_name: ['/given_name'] },
      refresh_reuse: 'window',
    });
  });

  it('null takes a fact away', () => {
    const definition = resolveProviderDefinition({
      id: 'google',
      overrides: { issuer: null, jwks_uri: null, revocation_endpoint: null },
    });
    expect([definition.issuer, definition.jwks_uri, definition.revocation_style]).toEqual([
      undefined,
      undefined,
      'none',
    ]);
  });

  it('a revocation endpoint given to a provider without one is RFC 7009', () => {
    const definition = resolveProviderDefinition({
      id: 'spotify',
      overrides: { revocation_endpoint: 'http://127.0.0.1:1/r' },
    });
    expect(definition.revocation_style).toBe('rfc7009');
  });

  it('does not change the catalogue', () => {
    resolveProviderDefinition({ id: 'slack', overrides: { name: 'Other', account: { id: '/x' } } });
    expect(resolveProviderDefinition({ id: 'slack' })).toMatchObject({
      display_name: 'Slack',
      account: { id: ['/team_id', '/user_id'] },
    });
  });
});

describe('mistakes carry their path', () => {
  it.each([
    ['acme', { ...acme, token_endpoint: 'ftp://x' }, 'token_endpoint'],
    ['acme', { ...acme, token_endpoint: 'https://user@x/t' }, 'token_endpoint'],
    ['acme', { ...acme, tokn_endpoint: 'https://x/t' }, ''],
    ['acme', { ...acme, pkce: 'plain' }, 'pkce'],
    ['acme', { ...acme, account: { id: 'sub' } }, 'account.id'],
    ['acme', { ...acme, api_hosts: ['https://acme.com'] }, 'api_hosts.0'],
    ['acme', { ...acme, url_params: [{ name: 'a', label: 'A', pattern: '(' }] }, 'url_params.0.pattern'],
    ['acme', { ...acme, userinfo_headers: { 'X-A': 'a\r\nb' } }, 'userinfo_headers.X-A'],
    ['acme', { ...acme, userinfo_token_in: 'path' }, 'userinfo_endpoint'],
    ['Acme!', acme, 'id'],
    ['google', { refresh_reuse: 'maybe' }, 'refresh_reuse'],
  ])('%s %j: %s', (id, overrides, path) => {
    expect(issuesOf(id, overrides)).toContain(path);
  });

  it('the exported schema gives the same paths', () => {
    const result = providerOverridesSchema.safeParse({ token_endpoint: 1, account: { source: 'x' } });
    expect(result.error?.issues.map((issue) => issue.path.join('.'))).toEqual(
      expect.arrayContaining(['token_endpoint', 'account.source']),
    );
  });
});
