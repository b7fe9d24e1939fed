import { afterEach, describe, expect, it, vi } from 'vitest';
import { AlterSDKError, AlterValueError, AlterVault, App, HttpMethod, Provider } from '../src/index.js';
import { useTestBed } from './servers/test-bed.js';
import { apiKey, grantId } from './servers/vault-server.js';

const bed = useTestBed();
const baseUrl = 'https://vault.test';

describe('options of App', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('AlterVault is App, and the constants have the ids of the wire', () => {
    expect(AlterVault).toBe(App);
    expect(Object.values(Provider)).toHaveLength(71);
    expect(Provider.ACUITY_SCHEDULING).toBe('acuity-scheduling');
    expect(Object.values(HttpMethod)).toEqual(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);
  });

  it.each([
    'https://vault.test/',
    'https://VAULT.test//',
    'https://vault.test/pre/',
    'http://localhost:1',
    'http://[::1]:1',
  ])('takes %s', (url) => {
    const app = new App({ apiKey, baseUrl: url, logger: { warn: () => {} } });
    expect(app.baseUrl).toBe(new URL(url).href.replace(/\/+$/, ''));
  });

  it.each([
    'http://vault.test',
    'http://127.0.0.2',
    'http://0.0.0.0',
    'ftp://vault.test',
    'vault.test',
    'https://u:p@vault.test',
    'https://vault.test/?a=1',
    'https://vault.test/#f',
    'https://vault.test:99999',
    '',
  ])('refuses %j', (url) => {
    expect(() => new App({ apiKey, baseUrl: url })).toThrow(AlterValueError);
  });

  it('warns a given logger of plain http', () => {
    const warn = vi.fn();
    new App({ apiKey, baseUrl: 'http://127.0.0.1:1', logger: { warn } });
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it.each([
    [{ apiKey: 'alter_key_short' }],
    [{ apiKey: `${apiKey}\n` }],
    [{ caller: '' }],
    [{ caller: 'naïve' }],
    [{ caller: 'x'.repeat(256) }],
    [{ callerType: 'human' as 'agent' }],
    [{ timeout: 0 }],
    [{ timeout: Number.NaN }],
    [{ timeout: 1, timeoutMs: 1 }],
    [{ logger: {} as never }],
    [{ userTokenGetter: 'jwt' as never }],
    [{ unknown: 1 } as object],
  ])('refuses %j', (options) => {
    expect(() => new App({ apiKey, baseUrl, ...options })).toThrow(AlterValueError);
  });

  it('takes ALTER_API_KEY and ALTER_BASE_URL where the options are absent', () => {
    vi.stubEnv('ALTER_API_KEY', '');
    vi.stubEnv('ALTER_BASE_URL', '');
    expect(() => new App()).toThrow('apiKey or ALTER_API_KEY is needed');
    vi.stubEnv('ALTER_API_KEY', apiKey);
    expect(() => new App()).toThrow('baseUrl or ALTER_BASE_URL is needed');
    vi.stubEnv('ALTER_BASE_URL', 'https://from-environment.test/');
    expect(new App().baseUrl).toBe('https://from-environment.test');
    expect(new App({ baseUrl }).baseUrl).toBe(baseUrl);
  });

  it('reads options in the spelling of the Python client', () => {
    expect(new App({ api_key: apiKey, base_url: baseUrl, user_token_getter: () => 'jwt' }).baseUrl).toBe(
      baseUrl,
    );
    expect(() => new App({ apiKey, api_key: apiKey, baseUrl })).toThrow('given twice');
  });
});

describe('arguments of request', () => {
  const url = 'https://api.test/v1/{id}';
  const fine = { grantId, pathParams: { id: '1' } };
  it.each<[string, string, string, object]>([
    ['neither grant nor provider', 'GET', url, { pathParams: { id: '1' } }],
    ['both grant and provider', 'GET', url, { ...fine, provider: 'acme' }],
    ['account with grantId', 'GET', url, { ...fine, account: 'a' }],
    ['json and body', 'POST', url, { ...fine, json: 1, body: 'x' }],
    ['a body with GET', 'GET', url, { ...fine, json: {} }],
    ['a body of another type', 'POST', url, { ...fine, body: { a: 1 } }],
    ['a method that is none', 'G ET', url, fine],
    ['CONNECT', 'CONNECT', url, fine],
    ['retry of a POST', 'POST', url, { ...fine, retry: true }],
    ['a placeholder without value', 'GET', url, { grantId }],
    ['a value without placeholder', 'GET', url, { grantId, pathParams: { id: '1', other: '2' } }],
    ['an empty path value', 'GET', url, { grantId, pathParams: { id: '' } }],
    ['a path value of dots', 'GET', url, { grantId, pathParams: { id: '..' } }],
    ['dots put together', 'GET', 'https://api.test/{a}{b}/x', { grantId, pathParams: { a: '.', b: '.' } }],
    ['a lone surrogate', 'GET', url, { grantId, pathParams: { id: '\ud800' } }],
    [
      'a host out of a path value',
      'GET',
      'https://{h}.api.test/',
      { grantId, pathParams: { h: 'evil.test' } },
    ],
    ['a path value in the host without path', 'GET', 'https://{h}', { grantId, pathParams: { h: 'a/b' } }],
    ['plain http', 'GET', 'http://api.test/', { grantId }],
    ['a user in the URL', 'GET', 'https://u:p@api.test/', { grantId }],
    ['an empty user in the URL', 'GET', 'https://@api.test/', { grantId }],
    ['a backslash', 'GET', 'https://api.test\\@evil.test/', { grantId }],
    ['a tab', 'GET', 'https://api.te\tst/', { grantId }],
    ['no scheme', 'GET', '/v1', { grantId }],
    ['one slash', 'GET', 'https:/api.test/', { grantId }],
    ['another scheme', 'GET', 'file:///etc/passwd', { grantId }],
    ['a query value of another type', 'GET', 'https://api.test/', { grantId, queryParams: { a: {} } }],
    ['json that is none', 'POST', 'https://api.test/', { grantId, json: 1n }],
    ['the Host header', 'GET', 'https://api.test/', { grantId, extraHeaders: { HOST: 'evil.test' } }],
    [
      'a hop-by-hop header',
      'GET',
      'https://api.test/',
      { grantId, extraHeaders: { 'Transfer-Encoding': 'x' } },
    ],
    ['a smuggled line', 'GET', 'https://api.test/', { grantId, extraHeaders: { 'X-A': 'a\r\nX-B: b' } }],
    ['a header name that is none', 'GET', 'https://api.test/', { grantId, extraHeaders: { 'X A': 'a' } }],
    ['one header twice', 'GET', 'https://api.test/', { grantId, extraHeaders: { 'X-A': 'a', 'x-a': 'b' } }],
    ['a context of objects', 'GET', 'https://api.test/', { grantId, context: { a: {} } }],
    ['too long a context value', 'GET', 'https://api.test/', { grantId, context: { a: 'x'.repeat(513) } }],
    ['a caller that is none', 'GET', 'https://api.test/', { grantId, caller: 'a\nb' }],
    ['an empty user token', 'GET', 'https://api.test/', { grantId, userToken: ' ' }],
    ['too long a reason', 'GET', 'https://api.test/', { grantId, reason: 'x'.repeat(2001) }],
    ['too long a URL', 'GET', `https://api.test/${'x'.repeat(65_536)}`, { grantId }],
  ])('T3: %s is refused before any traffic', async (_name, method, target, options) => {
    const promise = bed.makeApp().request(method, target, options);
    await expect(promise).rejects.toBeInstanceOf(AlterValueError);
    expect(bed.vault.arrived).toEqual([]);
  });

  it('after close() every call is refused', async () => {
    const app = bed.makeApp();
    await app.close();
    const calls = [
      () => app.request('GET', bed.provider.url, { grantId }),
      () => app.listGrants(),
      () => app.revokeGrant(grantId),
      () => app.createConnectSession(),
      () => app.pollConnectSession('s'),
      () => app.listProviders(),
      () => app.listScopes(),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'sdk_closed' });
    await expect(app.listAllGrants().next()).rejects.toBeInstanceOf(AlterSDKError);
    expect(await app.verifyUserToken('jwt')).toBeNull();
    expect(bed.vault.arrived).toEqual([]);
  });
});
