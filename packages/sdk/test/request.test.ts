import { describe, expect, it } from 'vitest';
import { AlterValueError, HttpMethod } from '../src/index.js';
import { sendJson } from './servers/recording-server.js';
import { useTestBed } from './servers/test-bed.js';
import {
  actorId,
  apiKey,
  grantId,
  secretToken,
  tokenAnswer,
  tokenGeneration,
} from './servers/vault-server.js';

const bed = useTestBed();

describe('request', () => {
  it('S2: asks the vault for the credential, injects it, and records the outcome', async () => {
    const app = bed.makeApp({ caller: 'calendar-sync' });
    bed.provide((_, response) => sendJson(response, 201, { id: 7 }));
    const response = await app.request(HttpMethod.POST, `${bed.provider.url}/v1/items`, {
      grantId,
      json: { name: 'naïve 日本 🚀' },
      reason: 'test reason',
      context: { tool: 'writer' },
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ id: 7 });
    await app.close();

    expect(bed.vault.bodies('retrieveToken')).toEqual([
      {
        grant_id: grantId,
        reason: 'test reason',
        request: { method: 'POST', url: `${bed.provider.url}/v1/items` },
      },
    ]);
    const [token] = bed.vault.at('retrieveToken');
    expect(token?.headers['x-alter-context']).toBe('{"tool":"writer"}');
    expect(token?.headers['x-alter-caller']).toBe('calendar-sync');
    expect(token?.headers['x-alter-caller-type']).toBe('service');

    const [call] = bed.provider.arrived;
    expect(call?.headers.authorization).toBe(`Bearer ${secretToken}`);
    expect(call?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(call?.body ?? '')).toEqual({ name: 'naïve 日本 🚀' });

    const [record] = bed.vault.bodies('recordApiCall');
    expect(record).toMatchObject({
      grant_id: grantId,
      provider_id: 'acme',
      token_generation: tokenGeneration,
      method: 'POST',
      url: `${bed.provider.url}/v1/items`,
      request_body: { name: 'naïve 日本 🚀' },
      response_status: 201,
      response_body: '{"id":7}',
      reason: 'test reason',
      context: { tool: 'writer' },
    });
  });

  it('T1: signs with the key id and never sends the key, unless asked to', async () => {
    await bed.makeApp().request('get', bed.provider.url, { grantId });
    expect(JSON.stringify(bed.vault.arrived)).not.toContain(apiKey);
    expect(bed.vault.at('retrieveToken')[0]?.headers['x-alter-key-id']).toMatch(/^[0-9a-f]{32}$/);

    const old = bed.makeApp({ sendKey: true });
    await old.request('get', bed.provider.url, { grantId });
    expect(bed.vault.at('retrieveToken')[1]?.headers['x-api-key']).toBe(apiKey);
  });

  it('S2: a call by provider carries account, label and user token', async () => {
    const app = bed.makeApp({ userTokenGetter: async () => 'jwt-of-getter' });
    await app.request('GET', bed.provider.url, { provider: 'acme', account: 'a@x.test', label: 'work' });
    await app.request('GET', bed.provider.url, { provider: 'acme', userToken: 'jwt-of-call' });
    expect(bed.vault.bodies('retrieveToken')).toMatchObject([
      { provider_id: 'acme', account: 'a@x.test', label: 'work', user_token: 'jwt-of-getter' },
      { provider_id: 'acme', user_token: 'jwt-of-call' },
    ]);
  });

  it('S2: query parameters are merged into the URL and do not reach the vault', async () => {
    const app = bed.makeApp();
    await app.request('GET', `${bed.provider.url}/search?own=1&keep=a%2Fb&keep=`, {
      grantId,
      queryParams: { own: 2, q: 'a b&c+d', tag: ['x', 'y'], no: undefined },
    });
    expect(bed.provider.arrived[0]?.target).toBe(
      '/search?keep=a%2Fb&keep=&own=2&q=a%20b%26c%2Bd&tag=x&tag=y',
    );
    expect(bed.vault.bodies('retrieveToken')[0]?.request).toEqual({
      method: 'GET',
      url: `${bed.provider.url}/search?own=1&keep=a%2Fb&keep=`,
    });
  });

  it('S2: path parameters are percent-encoded whole', async () => {
    const app = bed.makeApp();
    await app.request('GET', `${bed.provider.url}/v1/{account_id}/x/{n}`, {
      grantId,
      pathParams: { account_id: "a/b?c#d e'(é)%2F", n: 42 },
    });
    expect(bed.provider.arrived[0]?.target).toBe('/v1/a%2Fb%3Fc%23d%20e%27%28%C3%A9%29%252F/x/42');
  });

  it('S2: a raw body is sent as it is, without a Content-Type of its own', async () => {
    const app = bed.makeApp();
    await app.request('PUT', bed.provider.url, { grantId, body: new Uint8Array([0, 255, 10]) });
    await app.request('PUT', bed.provider.url, {
      grantId,
      body: 'a=1',
      extraHeaders: { 'Content-Type': 'x/y' },
    });
    expect(bed.provider.arrived.map((each) => each.headers['content-type'])).toEqual([undefined, 'x/y']);
    await app.close();
    expect(bed.vault.bodies('recordApiCall').map((each) => each.request_body)).toEqual([
      '<binary body: 3 bytes>',
      'a=1',
    ]);
  });

  it('E3: the caller cannot override what is injected, whatever its case', async () => {
    const app = bed.makeApp();
    await app.request('GET', bed.provider.url, {
      grantId,
      extraHeaders: { AUTHORIZATION: 'Bearer mine', 'X-Trace': 't' },
    });
    const sent = bed.provider.arrived[0];
    expect(sent?.rawHeaders.filter((each) => each.toLowerCase() === 'authorization')).toHaveLength(1);
    expect(sent?.headers.authorization).toBe(`Bearer ${secretToken}`);
    expect(sent?.headers['x-trace']).toBe('t');
  });

  it('S2: header and query injections and required headers arrive; the caller may set required ones', async () => {
    const app = bed.makeApp();
    bed.vault.answerJson('retrieveToken', [
      200,
      tokenAnswer([bed.provider.host], {
        injection_header: 'X-Api-Key',
        injection_format: '{token}',
        additional_credentials: { tenant: 'ten$&ant' },
        additional_injections: [
          { target: 'header', key: 'X-Tenant', value_source: 'additional_credentials.tenant' },
          { target: 'query_param', key: 'key', value_source: 'token' },
          { target: 'header', key: 'X-None', value_source: 'additional_credentials.none' },
        ],
        required_headers: { 'Notion-Version': '2022-06-28', 'X-Set': 'default' },
      }),
    ]);
    const response = await app.request('GET', `${bed.provider.url}/p?own=1`, {
      grantId,
      queryParams: { key: 'mine' },
      extraHeaders: { 'x-set': 'mine' },
    });
    const sent = bed.provider.arrived[0];
    expect(sent?.headers).toMatchObject({
      'x-api-key': secretToken,
      'x-tenant': 'ten$&ant',
      'notion-version': '2022-06-28',
      'x-set': 'mine',
    });
    expect(sent?.headers['x-none']).toBeUndefined();
    expect(sent?.target).toBe(`/p?own=1&key=${encodeURIComponent(secretToken)}`);
    // K7: neither the answer nor a copy of it shows where the credential went.
    expect(response.url).toBe(`${bed.provider.url}/p?own=1&key=mine`);
    expect(response.clone().url).not.toContain('tok_');
  });

  it('E2: a redirect is given back, not followed', async () => {
    const app = bed.makeApp();
    bed.provide((_, response) => response.writeHead(302, { location: 'https://elsewhere.test/' }).end());
    const response = await app.request('GET', bed.provider.url, { grantId });
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('https://elsewhere.test/');
    expect(bed.provider.arrived).toHaveLength(1);
  });

  it('sends back the actor id that the vault names, but not with a caller of the call', async () => {
    const app = bed.makeApp({ caller: 'me' });
    const headers = { 'X-Alter-Actor-ID': actorId };
    bed.vault.answerJson('retrieveToken', [200, tokenAnswer([bed.provider.host]), headers]);
    await app.request('GET', bed.provider.url, { grantId });
    await app.request('GET', bed.provider.url, { grantId });
    await app.request('GET', bed.provider.url, { grantId, caller: 'other' });
    const sent = bed.vault
      .at('retrieveToken')
      .map(({ headers: all }) => [all['x-alter-caller'], all['x-alter-actor-id']]);
    expect(sent).toEqual([
      ['me', undefined],
      ['me', actorId],
      ['other', undefined],
    ]);
    expect(app.actorId).toBe(actorId);
  });

  it('accepts the spelling of the wire, and refuses unknown options', async () => {
    const app = bed.makeApp();
    await app.request('GET', `${bed.provider.url}/{id}`, {
      grant_id: grantId,
      path_params: { id: '1' },
      query_params: { a: '2' },
    });
    expect(bed.provider.arrived[0]?.target).toBe('/1?a=2');
    const typo = { grantID: grantId } as object;
    await expect(app.request('GET', bed.provider.url, typo)).rejects.toThrow(AlterValueError);
  });
});
