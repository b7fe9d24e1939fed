import { describe, expect, it } from 'vitest';
import {
  buildRevocationRequests,
  buildTokenRequest,
  type ProviderOverrides,
  parseRevocationResponse,
  resolveProviderDefinition,
} from '../src/index.js';

const client = { id: 'cl-1', secret: 's:e/c r+et' };
const define = (id: string, overrides: ProviderOverrides = {}) =>
  resolveProviderDefinition({ id, overrides });
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const code = {
  type: 'authorization_code',
  code: 'co',
  redirectUri: 'https://v/cb',
  codeVerifier: 've',
  state: 'st',
} as const;
const refresh = { type: 'refresh_token', refreshToken: 'rt', scopes: ['a', 'b'] } as const;

describe('token request', () => {
  it('secret in the body, as form', () => {
    const request = buildTokenRequest({ definition: define('google'), client, grant: code });
    expect(request).toMatchObject({ url: 'https://oauth2.googleapis.com/token', method: 'POST' });
    expect(request.headers).toEqual({
      Accept: 'application/json',
      'Content-Type': 'application/x-www-form-urlencoded',
      'User-Agent': 'alter-vault',
    });
    expect(Object.fromEntries(new URLSearchParams(request.body))).toEqual({
      grant_type: 'authorization_code',
      code: 'co',
      redirect_uri: 'https://v/cb',
      code_verifier: 've',
      client_id: 'cl-1',
      client_secret: 's:e/c r+et',
    });
  });

  it('secret in the header, once, and the body as JSON without PKCE (Notion)', () => {
    const request = buildTokenRequest({ definition: define('notion'), client, grant: code });
    expect(request.headers).toMatchObject({
      Authorization: basic('cl-1:s:e/c r+et'),
      'Content-Type': 'application/json',
    });
    expect(JSON.parse(request.body ?? '')).toEqual({
      grant_type: 'authorization_code',
      code: 'co',
      redirect_uri: 'https://v/cb',
    });
  });

  it('RFC 6749 section 2.3.1: form-encoded before base64 where nothing else is known', () => {
    const definition = define('acme', {
      name: 'A',
      authorization_endpoint: 'https://a.example/a',
      token_endpoint: 'https://a.example/t',
    });
    const request = buildTokenRequest({ definition, client, grant: refresh });
    expect(request.headers.Authorization).toBe(basic('cl-1:s%3Ae%2Fc+r%2Bet'));
    expect(Object.fromEntries(new URLSearchParams(request.body))).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'rt',
    });
  });

  it('a public client names itself and nothing more', () => {
    const request = buildTokenRequest({
      definition: define('google', { token_endpoint_auth_method: 'none' }),
      client: { id: 'cl-1' },
      grant: refresh,
    });
    expect(request.headers.Authorization).toBeUndefined();
    expect(request.body).toBe('grant_type=refresh_token&refresh_token=rt&client_id=cl-1');
  });

  it('scopes in a refresh only where the provider takes them (Atlassian refuses)', () => {
    expect(buildTokenRequest({ definition: define('atlassian'), client, grant: refresh }).body).not.toContain(
      'scope',
    );
    expect(
      buildTokenRequest({
        definition: define('acme', {
          name: 'A',
          authorization_endpoint: 'https://a.example/a',
          token_endpoint: 'https://a.example/t',
          refresh_sends_scope: true,
        }),
        client,
        grant: refresh,
      }).body,
    ).toContain('scope=a+b');
  });

  it('own URL, method and parameters of a refresh; renamed client id; repeated state', () => {
    const definition = define('google', {
      refresh_endpoint: 'https://r.example/refresh',
      refresh_token_endpoint_auth_method: 'client_secret_basic',
      extra_refresh_params: { kind: 'renew', grant_type: 'evil' },
      extra_token_params: { kind: 'first' },
      client_id_parameter: 'client_key',
      token_request_repeats_state: true,
    });
    const renewed = buildTokenRequest({ definition, client, grant: refresh });
    expect(renewed.url).toBe('https://r.example/refresh');
    expect(renewed.headers.Authorization).toMatch(/^Basic /);
    expect(Object.fromEntries(new URLSearchParams(renewed.body))).toEqual({
      kind: 'renew',
      grant_type: 'refresh_token',
      refresh_token: 'rt',
    });
    const first = Object.fromEntries(
      new URLSearchParams(buildTokenRequest({ definition, client, grant: code }).body),
    );
    expect(first).toMatchObject({ kind: 'first', client_key: 'cl-1', state: 'st' });
    expect(first.client_id).toBeUndefined();
  });

  it('C7: the connect parameters decide the host, and are checked once more', () => {
    const build = (domain: string) =>
      buildTokenRequest({ definition: define('salesforce'), client, grant: refresh, params: { domain } }).url;
    expect(build('test.salesforce.com')).toBe('https://test.salesforce.com/services/oauth2/token');
    expect(() => build('test.salesforce.com.evil.example')).toThrow(RangeError);
  });
});

describe('revocation, each provider in its own way', () => {
  const tokens = { accessToken: 'at/1', refreshToken: 'rt/1' };
  const build = (id: string, more = {}) =>
    buildRevocationRequests({ definition: define(id), client, ...tokens, ...more });

  it('Google: RFC 7009 with the refresh token', () => {
    const [request] = build('google');
    expect(request).toMatchObject({ url: 'https://oauth2.googleapis.com/revoke', method: 'POST' });
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toMatchObject({
      token: 'rt/1',
      token_type_hint: 'refresh_token',
    });
    expect(build('google', { refreshToken: undefined })[0]?.body).toContain(
      'token=at%2F1&token_type_hint=access_token',
    );
  });

  it('GitHub: DELETE with Basic and the token as JSON', () => {
    expect(build('github')).toEqual([
      {
        url: 'https://api.github.com/applications/cl-1/token',
        method: 'DELETE',
        headers: {
          Accept: 'application/vnd.github+json',
          'User-Agent': 'alter-vault',
          'Content-Type': 'application/json',
          Authorization: basic('cl-1:s:e/c r+et'),
        },
        body: '{"access_token":"at/1"}',
      },
    ]);
  });

  it('HubSpot: DELETE with the refresh token in the path, and nothing without one', () => {
    expect(build('hubspot')[0]).toMatchObject({
      url: 'https://api.hubapi.com/oauth/v1/refresh-tokens/rt%2F1',
      method: 'DELETE',
    });
    expect(build('hubspot', { refreshToken: undefined })).toEqual([]);
  });

  it('Dropbox: POST with the token as bearer and no body', () => {
    const [request] = build('dropbox');
    expect(request).toMatchObject({
      url: 'https://api.dropboxapi.com/2/auth/token/revoke',
      method: 'POST',
      headers: { Authorization: 'Bearer at/1' },
    });
    expect(request?.body).toBeUndefined();
  });

  it('Slack: one request for the bot token, one for the user token', () => {
    const requests = build('slack', { additional: { user: { accessToken: 'xoxp' } } });
    expect(requests.map((request) => request.headers.Authorization)).toEqual(['Bearer at/1', 'Bearer xoxp']);
    expect(build('slack', { additional: { user: { accessToken: 'at/1' } } })).toHaveLength(1);
  });

  it('Notion: JSON with Basic; Zoom: form with Basic; Linear: form with the secret inside', () => {
    expect(build('notion')[0]).toMatchObject({
      body: '{"token":"at/1"}',
      headers: { 'Notion-Version': '2022-06-28', Authorization: basic('cl-1:s:e/c r+et') },
    });
    expect(build('zoom')[0]).toMatchObject({
      url: 'https://zoom.us/oauth/revoke',
      body: 'token=at%2F1&token_type_hint=access_token',
    });
    expect(build('linear')[0]?.body).toContain('client_secret=');
  });

  it('Microsoft, Atlassian, Spotify: none', () => {
    for (const id of ['microsoft', 'atlassian', 'spotify']) expect(build(id)).toEqual([]);
  });

  it.each([
    ['google', 200, '', { ok: true }],
    ['github', 204, '', { ok: true }],
    ['slack', 200, '{"ok":true,"revoked":true}', { ok: true }],
    ['slack', 200, '{"ok":false,"error":"token_revoked"}', { ok: true }],
    ['slack', 200, '{"ok":false,"error":"fatal_error"}', { ok: false, kind: 'transient' }],
    ['google', 400, '{"error":"invalid_token"}', { ok: true }],
    ['hubspot', 404, '{"status":"error","message":"unknown"}', { ok: true }],
    ['google', 404, '<html>', { ok: false }],
    ['google', 401, '{"error":"invalid_client"}', { ok: false, kind: 'invalid_client' }],
    ['google', 500, '', { ok: false, kind: 'transient' }],
  ])('the answer: %s %i %s', (id, status, bodyText, expected) => {
    expect(
      parseRevocationResponse({ definition: define(id), status, headers: {}, bodyText, nowMs: 0 }),
    ).toMatchObject(expected);
  });
});
