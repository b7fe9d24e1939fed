import { forbiddenInjectionHeaders, type TokenResponse } from '@alter-ai/core-contract';
import { injectCredential, readInjectableCredential } from '@alter-ai/core-crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { signAws } from '../../src/access/proxy/sign-aws.js';
import { describeBothDatabases } from '../harness.js';
import { secretEntries } from '../secrets/secret-world.js';
import { type ServedVault, serveVault } from '../server/socket.js';
import { type Arrived, type Json, listHeader, type ProxyWorld, startProxyWorld } from './proxy-world.js';
import { openStream, readText } from './signed-call.js';

/** Where each kind's value has to stand: header name and value, or query parameter. */
const places: Record<string, readonly (readonly [where: 'header' | 'query', name: string, value: string])[]> =
  {
    bearer: [['header', 'authorization', 'Bearer bearer-value']],
    datadog: [['header', 'dd-api-key', 'dd-value']],
    prefixed: [['header', 'authorization', 'Token token=pre-value']],
    basic: [['header', 'authorization', `Basic ${Buffer.from('user@x:pässword').toString('base64')}`]],
    several: [
      ['header', 'x-key', 'Key custom-value'],
      ['header', 'x-app', 'app-value'],
      ['header', 'x-both', 'app-value:custom-value'],
      ['query', 'key', 'custom-value'],
    ],
    query: [['query', 'api_key', 'query-value']],
  };
const ways = ['retrieve', 'proxy', 'stream'] as const;
const methods = ['GET', 'POST'] as const;
const table = Object.keys(places).flatMap((slug) =>
  ways.flatMap((way) => methods.map((method) => [slug, way, method] as const)),
);

describeBothDatabases('E3: kind × way × method, with a server that records what arrives', (database) => {
  let world: ProxyWorld;
  let served: ServedVault;
  beforeAll(async () => {
    world = await startProxyWorld(database, {
      app: (host) => ({
        managed_secrets: [
          ...secretEntries.map((entry) => ({ ...entry, hosts: [host] })),
          { slug: 'locked', kind: 'bearer', hosts: [host], value: 'locked-value', proxy_only: true },
          {
            slug: 'half-locked',
            kind: 'bearer',
            hosts: [host],
            credentials: [
              { label: 'open', value: 'open-value' },
              { label: 'locked', value: 'half-value' },
            ],
            grants: [
              { principal: { type: 'system' }, label: 'open', credential: 'open' },
              { principal: { type: 'system' }, label: 'locked', credential: 'locked', proxy_only: true },
            ],
          },
        ],
      }),
    });
    served = await serveVault(world.stack.vault);
  });
  afterAll(async () => {
    await served?.close();
    await world?.close();
  });
  beforeEach(() => {
    world.arrived.length = 0;
    world.provide((_, response) => response.writeHead(200).end('fine'));
  });

  it.each(table)('%s by %s with %s: once, in its place, nothing overridden', async (slug, way, method) => {
    // The query parameter that is injected is also there already, by the caller.
    const query =
      slug === 'query' ? '?api_key=forged&own=1' : slug === 'several' ? '?key=forged&own=1' : '?own=1';
    const url = `${world.api}/things${query}`;
    const body = method === 'POST' ? '{"n":1}' : undefined;
    if (way === 'retrieve') await callByRetrieving(world, slug, method, url, body);
    else if (way === 'proxy') {
      const call = { method, url, provider_id: slug, ...(body && { body: JSON.parse(body) as Json }) };
      expect((await world.proxy(call)).body).toMatchObject({ status_code: 200 });
    } else {
      const answer = await callByStream(served, world, { method, url, provider_id: slug }, body);
      expect(answer).toMatch(/^\{"status_code":200.*\}\nfine$/);
    }
    expect(world.arrived).toHaveLength(1);
    const [arrived] = world.arrived;
    expect(arrived).toMatchObject({ method, body: body ?? '' });
    const sent = new URL(arrived?.target ?? '', world.api).searchParams;
    expect(sent.getAll('own')).toEqual(['1']);
    for (const [where, name, value] of places[slug] ?? []) {
      expect(where === 'header' ? listHeader(arrived, name) : sent.getAll(name)).toEqual([value]);
    }
    expect(countSecrets(arrived, slug)).toBe(places[slug]?.length);
  });

  it.each(Object.keys(places))('%s: what the caller sets in its place is refused', async (slug) => {
    for (const [where, name] of places[slug] ?? []) {
      if (where !== 'header') continue;
      for (const spelling of [name, name.toUpperCase()]) {
        const call = { method: 'GET', url: world.api, provider_id: slug, headers: { [spelling]: 'forged' } };
        const { status, body } = await world.proxy(call);
        expect([status, body.error]).toEqual([422, 'header_not_allowed']);
      }
    }
    expect(world.arrived).toEqual([]);
  });

  it('E3: headers of the connection, of the vault and of smuggling are refused, by both endpoints', async () => {
    const bad: Record<string, string>[] = [
      { Host: 'elsewhere' },
      { 'Content-Length': '1' },
      { 'Transfer-Encoding': 'chunked' },
      { Connection: 'close' },
      { TE: 'trailers' },
      { Upgrade: 'h2c' },
      { 'Proxy-Authorization': 'x' },
      { Cookie: 'a=b' },
      { 'X-API-Key': 'x' },
      { 'x-alter-signature': 'x' },
      { 'X-HTTP-Method-Override': 'DELETE' },
      { ' Authorization': 'x' },
      { 'X-One': 'a\r\nX-Two: b' },
      { 'X-One': 'a\nb' },
      { 'X-One': 'a\0b' },
      { 'X-One': 'ü→' },
      { 'X One': 'a' },
      { 'X-One:': 'a' },
      { '': 'a' },
      { 'X-One': 'a', 'x-one': 'b' },
    ];
    for (const headers of bad) {
      const call = { method: 'GET', url: world.api, provider_id: 'bearer', headers };
      const { status, body } = await world.proxy(call);
      expect([JSON.stringify(headers), status]).toEqual([
        JSON.stringify(headers),
        status === 400 ? 400 : 422,
      ]);
      expect(['header_not_allowed', 'invalid_request']).toContain(body.error);
      expect(JSON.parse(await callByStream(served, world, call, undefined))).toMatchObject({
        error: body.error,
      });
    }
    for (const method of ['CONNECT', 'TRACE', 'G ET', 'GET\r\n']) {
      const { status, body } = await world.proxy({ method, url: world.api, provider_id: 'bearer' });
      expect([status, body.error]).toEqual([400, 'invalid_request']);
    }
    expect(world.arrived).toEqual([]);
  });

  it('B7: a secret or a grant marked proxy_only is not released, and works by proxy', async () => {
    const ask = { reason: null, request: { method: 'GET', url: world.api } };
    const retrieve = async (selector: Json) => {
      const answer = await world.stack.vault.signedFetch('POST', '/sdk/token', { ...ask, ...selector });
      return [answer.status, ((await answer.json()) as Json).error];
    };
    const refused = [400, 'restricted_grant_requires_proxy'];
    expect(await retrieve({ provider_id: 'locked' })).toEqual(refused);
    expect(await retrieve({ provider_id: 'half-locked', label: 'locked' })).toEqual(refused);
    expect(await retrieve({ provider_id: 'half-locked', label: 'open' })).toEqual([200, undefined]);
    for (const [slug, value] of [
      ['locked', 'locked-value'],
      ['half-locked', 'half-value'],
    ] as const) {
      const call = {
        method: 'GET',
        url: world.api,
        provider_id: slug,
        ...(slug === 'half-locked' && { label: 'locked' }),
      };
      expect((await world.proxy(call)).body.status_code).toBe(200);
      expect(listHeader(world.arrived.at(-1), 'authorization')).toEqual([`Bearer ${value}`]);
    }
    const listed = await world.stack.vault.signedFetch('POST', '/sdk/grants/list', {
      provider_id: 'half-locked',
    });
    const { grants } = (await listed.json()) as { grants: { grant_id: string; label: string }[] };
    const source = grants.find(({ label }) => label === 'locked')?.grant_id;
    const minted = await world.stack.vault.signedFetch('POST', `/sdk/grants/${source}/mint`, {
      label: 'sibling',
    });
    const { grant_id: sibling } = (await minted.json()) as { grant_id: string };
    expect(await retrieve({ grant_id: sibling })).toEqual(refused);
  });

  it('B7: an answer that holds the value, in any of its forms, does not come through', async () => {
    const value = 'custom-value';
    const forms = [
      value,
      encodeURIComponent(value),
      Buffer.from(value).toString('base64'),
      Buffer.from(`x${value}`).toString('base64'),
      Buffer.from(`xy${value}yz`).toString('base64url'),
      Buffer.from(value).toString('hex'),
      JSON.stringify({ token: value }),
    ];
    for (const place of ['body', 'header'] as const) {
      for (const form of forms) {
        world.provide((_, response) => {
          if (place === 'header') response.setHeader('x-echo', form);
          response.end(place === 'body' ? `before ${form} after` : 'fine');
        });
        const { status, body } = await world.proxy({ method: 'GET', url: world.api, provider_id: 'several' });
        expect([form, status, body.error, body.place]).toEqual([form, 502, 'credential_echoed', place]);
        expect(JSON.stringify(body)).not.toContain(form);
      }
    }
    const records = await world.records();
    const found = records.filter((record) => record.kind === 'security.credential_echoed');
    expect(found).toHaveLength(2 * forms.length);
    expect(JSON.stringify(records)).not.toContain(value);
  });
});

function countSecrets(arrived: Arrived | undefined, slug: string): number {
  const values = [
    ...(arrived?.rawHeaders ?? []),
    ...new URL(arrived?.target ?? '', 'http://x').searchParams.values(),
  ];
  const secrets = new Set((places[slug] ?? []).map(([, , value]) => value));
  return values.filter((value) => secrets.has(value)).length;
}

/** As an SDK does it: the token answer, put in by the function that both share. */
async function callByRetrieving(
  world: ProxyWorld,
  slug: string,
  method: string,
  url: string,
  body: string | undefined,
): Promise<void> {
  const selector = { provider_id: slug, reason: null, request: { method, url } };
  const answer = await world.stack.vault.signedFetch('POST', '/sdk/token', selector);
  expect(answer.status).toBe(200);
  const credential = readInjectableCredential(
    (await answer.json()) as TokenResponse,
    forbiddenInjectionHeaders,
  );
  const request = { method, url: new URL(url), headers: {}, body: undefined };
  const sent = await injectCredential(credential, request, { sign: signAws, now: () => new Date() });
  await fetch(sent.url, { method, headers: sent.headers, ...(body === undefined ? {} : { body }) });
}

/** The raw answer of the streamed endpoint, as text. */
async function callByStream(
  served: ServedVault,
  world: ProxyWorld,
  call: Json,
  body: string | undefined,
): Promise<string> {
  return readText(await openStream(served, world.stack.vault, call, body));
}
