import { describe, expect, it } from 'vitest';
import {
  buildAuthorizationUrl,
  findMissingScopes,
  listProviders,
  mergeScopes,
  parseCallback,
  resolveProviderDefinition,
} from '../src/index.js';

const base = {
  clientId: 'client',
  redirectUri: 'https://vault.example/oauth/callback',
  state: 'st',
  codeChallenge: 'ch',
  scopes: ['a', 'b'],
};
const build = (id: string, more: Partial<Parameters<typeof buildAuthorizationUrl>[0]> = {}) =>
  new URL(buildAuthorizationUrl({ ...base, definition: resolveProviderDefinition({ id }), ...more }));
const query = (url: URL) => Object.fromEntries(url.searchParams);

describe('authorization address', () => {
  it('Google', () => {
    const url = build('google', { nonce: 'no', loginHint: 'a@b.c' });
    expect(url.origin + url.pathname).toBe('https://accounts.google.com/o/oauth2/v2/auth');
    expect(query(url)).toEqual({
      access_type: 'offline',
      prompt: 'consent',
      include_granted_scopes: 'true',
      login_hint: 'a@b.c',
      scope: 'a b',
      response_type: 'code',
      client_id: 'client',
      redirect_uri: base.redirectUri,
      state: 'st',
      nonce: 'no',
      code_challenge: 'ch',
      code_challenge_method: 'S256',
    });
  });

  it.each([
    ['google', { prompt: 'select_account consent' }],
    ['microsoft', { prompt: 'select_account' }],
    ['github', { prompt: 'select_account' }],
    ['salesforce', { prompt: 'login' }],
    ['dropbox', { force_reauthentication: 'true', token_access_type: 'offline' }],
    ['spotify', { show_dialog: 'true' }],
    ['linear', { prompt: 'consent' }],
  ])('another account at %s: %j', (id, expected) => {
    expect(query(build(id, { isSwitchingAccount: true }))).toMatchObject(expected);
  });

  it("consent once more at Microsoft; login hint under the provider's own name", () => {
    expect(query(build('microsoft', { isForcingConsent: true })).prompt).toBe('consent');
    expect(query(build('github', { loginHint: 'octocat' })).login).toBe('octocat');
    expect(build('notion', { loginHint: 'a@b.c' }).search).not.toContain('a%40b.c');
  });

  it("separator of each provider, Slack's two lists, and no empty scope", () => {
    expect(query(build('linear')).scope).toBe('a,b');
    const slack = query(
      build('slack', {
        scopes: ['chat:write', 'user_scope:search:read', 'users:read', 'user_scope:users:read'],
      }),
    );
    expect(slack).toMatchObject({ scope: 'chat:write,users:read', user_scope: 'search:read,users:read' });
    expect(build('notion', { scopes: [] }).searchParams.has('scope')).toBe(false);
  });

  it('C3: PKCE S256 at every provider but those that refuse it; never forgotten', () => {
    for (const definition of listProviders()) {
      const url = new URL(buildAuthorizationUrl({ ...base, definition }));
      expect(url.searchParams.get('code_challenge_method')).toBe(definition.id === 'notion' ? null : 'S256');
    }
    expect(() => build('google', { codeChallenge: undefined })).toThrow(RangeError);
  });

  it('C7: connect parameters are filled in, defaulted and checked', () => {
    expect(build('microsoft').pathname).toBe('/common/oauth2/v2.0/authorize');
    expect(build('microsoft', { params: { tenant: 'contoso.onmicrosoft.com' } }).pathname).toBe(
      '/contoso.onmicrosoft.com/oauth2/v2.0/authorize',
    );
    expect(build('salesforce', { params: { domain: 'acme.my.salesforce.com' } }).host).toBe(
      'acme.my.salesforce.com',
    );
    expect(() => build('salesforce', { params: { domain: 'evil.example' } })).toThrow(RangeError);
    expect(() => build('google', { params: { tenant: 'x' } })).toThrow(RangeError);
  });

  it("extra parameters cannot displace the protocol's own", () => {
    const definition = resolveProviderDefinition({
      id: 'google',
      overrides: {
        extra_authorization_params: { state: 'evil', redirect_uri: 'https://evil', client_id: 'evil' },
      },
    });
    expect(query(new URL(buildAuthorizationUrl({ ...base, definition })))).toMatchObject({
      state: 'st',
      redirect_uri: base.redirectUri,
      client_id: 'client',
    });
  });

  it('keeps the query of the endpoint itself', () => {
    const definition = resolveProviderDefinition({
      id: 'google',
      overrides: { authorization_endpoint: 'https://a.example/auth?policy=p' },
    });
    expect(query(new URL(buildAuthorizationUrl({ ...base, definition })))).toMatchObject({
      policy: 'p',
      state: 'st',
    });
  });
});

describe('callback', () => {
  const parse = (id: string, text: string, overrides = {}) =>
    parseCallback({
      definition: resolveProviderDefinition({ id, overrides }),
      clientId: 'client',
      query: new URLSearchParams(text),
    });

  it.each([
    ['google', 'code=c&state=s', { ok: true, code: 'c', metadata: {} }],
    ['google', 'code=c&state=s&iss=https%3A%2F%2Faccounts.google.com', { ok: true, code: 'c' }],
    ['google', 'code=c&state=s&iss=https%3A%2F%2Fevil.example', { ok: false, kind: 'issuer_mismatch' }],
    ['google', 'error=access_denied&iss=https%3A%2F%2Fevil.example', { ok: false, kind: 'issuer_mismatch' }],
    [
      'google',
      'code=c&iss=https%3A%2F%2Faccounts.google.com&iss=https%3A%2F%2Fevil.example',
      { ok: false, kind: 'malformed' },
    ],
    ['github', 'code=c&iss=https%3A%2F%2Fgithub.com%2Flogin%2Foauth', { ok: true, code: 'c' }],
    [
      'google',
      'error=access_denied&error_description=no',
      { ok: false, kind: 'denied', error: 'access_denied', errorDescription: 'no' },
    ],
    ['google', 'error=invalid_scope', { ok: false, kind: 'provider_error', error: 'invalid_scope' }],
    ['google', 'error=%3Cscript%3E', { ok: false, kind: 'provider_error', error: 'unknown_error' }],
    ['google', 'state=s', { ok: false, kind: 'malformed', error: 'missing_code' }],
    ['google', 'code=&state=s', { ok: false, kind: 'malformed' }],
    ['google', 'code=a&code=b', { ok: false }],
    ['google', 'id_token=x&code=c', { ok: false, kind: 'malformed' }],
    ['google', 'response=jarm', { ok: false, kind: 'malformed' }],
  ])('C3: %s %s', (id, text, expected) => {
    expect(parse(id, text)).toMatchObject(expected);
  });

  it('C3: iss must be there where the provider says it always is', () => {
    const overrides = { authorization_response_iss_parameter_supported: true };
    expect(parse('google', 'code=c', overrides)).toMatchObject({ ok: false, kind: 'malformed' });
    expect(parse('google', 'code=c&iss=https%3A%2F%2Faccounts.google.com', overrides)).toMatchObject({
      ok: true,
    });
  });

  it('keeps the named parameters only', () => {
    expect(parse('google', 'code=c&realmId=7&other=1', { callback_params: ['realmId'] })).toMatchObject({
      metadata: { realmId: '7' },
    });
  });
});

describe('scopes', () => {
  const missing = (id: string, wanted: string[], granted: string[] | undefined) =>
    findMissingScopes(resolveProviderDefinition({ id }), wanted, granted);

  it('long names, names that are never returned, unknown answers', () => {
    expect(
      missing('google', ['openid', 'email'], ['openid', 'https://www.googleapis.com/auth/userinfo.email']),
    ).toEqual([]);
    expect(missing('google', ['openid', 'https://mail.google.com/'], ['openid'])).toEqual([
      'https://mail.google.com/',
    ]);
    expect(missing('microsoft', ['offline_access', 'User.Read', 'Mail.Read'], ['user.read'])).toEqual([
      'Mail.Read',
    ]);
    expect(missing('notion', ['x'], [])).toEqual([]);
    expect(missing('google', ['x'], undefined)).toEqual([]);
    expect(missing('google', ['x'], [])).toEqual(['x']);
  });

  it('an answer that lists the whole set, or only what came new', () => {
    const delta = resolveProviderDefinition({ id: 'google', overrides: { scope_response: 'delta' } });
    expect(mergeScopes(resolveProviderDefinition({ id: 'google' }), ['a', 'b'], ['b', 'c'])).toEqual([
      'b',
      'c',
    ]);
    expect(mergeScopes(delta, ['a', 'b'], ['b', 'c'])).toEqual(['a', 'b', 'c']);
    expect(mergeScopes(delta, ['a'], undefined)).toEqual(['a']);
  });
});
