import { proxyResponseSchema } from '@alter-ai/core-contract';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { connectAccount } from '../connect/connect-driver.js';
import { describeBothDatabases } from '../harness.js';
import { listHeader, type ProxyWorld, readBody, startProxyWorld } from './proxy-world.js';

describeBothDatabases('POST /sdk/proxy for an OAuth grant', (kind) => {
  let world: ProxyWorld;
  let grantId: string;
  beforeAll(async () => {
    world = await startProxyWorld(kind);
    grantId = await world.connect();
  });
  afterAll(() => world?.close());
  beforeEach(() => {
    world.arrived.length = 0;
    world.provide((_, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json', 'x-page': ['1', '2'] })
        .end('{"ok":true}');
    });
  });

  it('makes the call with the credential, once, and answers what the provider answered', async () => {
    const { status, body } = await world.proxy({
      method: 'post',
      url: `${world.api}/v1/items?own=1&b=2`,
      grant_id: grantId,
      body: { text: 'naïve 日本 🚀', n: 1, __proto__: null },
      headers: { 'X-Own': 'kept', Accept: 'application/json' },
      query_params: { b: ['x', 'ü y'], limit: 5, flag: true, none: null },
      reason: 'test',
    });
    expect(status).toBe(200);
    const answer = proxyResponseSchema.strict().parse(body);
    expect(answer).toMatchObject({ status_code: 200, body_truncated: false });
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'x-page': '1, 2' });
    expect(readBody(body)).toBe('{"ok":true}');
    const [arrived] = world.arrived;
    expect(world.arrived).toHaveLength(1);
    expect(arrived).toMatchObject({ method: 'POST', body: '{"text":"naïve 日本 🚀","n":1}' });
    expect(arrived?.target).toBe('/v1/items?own=1&b=x&b=%C3%BC%20y&limit=5&flag=true&none=');
    expect(listHeader(arrived, 'authorization')).toHaveLength(1);
    expect(listHeader(arrived, 'x-own')).toEqual(['kept']);
    expect(listHeader(arrived, 'content-type')).toEqual(['application/json']);
    expect(listHeader(arrived, 'accept-encoding')).toEqual(['identity']);
    const names = (arrived?.rawHeaders ?? []).filter((_, index) => index % 2 === 0);
    expect(names.filter((name) => /alter-|^x-api-key/i.test(name))).toEqual([]);
  });

  it("answers the provider's errors and redirects as they are, Retry-After among them", async () => {
    for (const code of [302, 404, 429, 500]) {
      world.provide((_, response) => {
        response.writeHead(code, { 'retry-after': '7', location: 'https://elsewhere.example/' }).end('no');
      });
      const { status, body } = await world.proxy({ method: 'GET', url: world.api, grant_id: grantId });
      expect([status, body.status_code, readBody(body)]).toEqual([200, code, 'no']);
      expect(body.headers).toMatchObject({ 'retry-after': '7' });
    }
    expect(world.arrived).toHaveLength(4);
  });

  it('sends exact bytes that are given in base64, without a type of its own', async () => {
    await world.proxy({
      method: 'PUT',
      url: `${world.api}/file`,
      grant_id: grantId,
      body_b64: Buffer.from('a=1&b=2').toString('base64'),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(world.arrived[0]).toMatchObject({ method: 'PUT', body: 'a=1&b=2' });
    expect(listHeader(world.arrived[0], 'content-type')).toEqual(['application/x-www-form-urlencoded']);
  });

  it('A1, A2: the call is on record before it starts, and its end with status, bytes and time', async () => {
    let atStart: Record<string, unknown>[] = [];
    world.provide(async (_, response) => {
      atStart = await world.records();
      response.writeHead(201).end('made');
    });
    await world.proxy(
      {
        method: 'POST',
        url: `${world.api}/items?token=hidden-value`,
        grant_id: grantId,
        body: { n: 1 },
        reason: 'A1 proxy',
      },
      { caller: 'billing', callerType: 'service' },
    );
    const before = atStart.filter((record) => record.reason === 'A1 proxy');
    expect(before).toHaveLength(1);
    expect(before[0]).toMatchObject({
      kind: 'access.proxy',
      decision: 'allow',
      outcome: 'started',
      method: 'POST',
      caller: 'billing',
      grant_id: grantId,
      provider_id: 'acme',
    });
    const records = (await world.records()).filter((record) => record.reason === 'A1 proxy');
    expect(records[1]).toMatchObject({
      kind: 'access.outcome',
      outcome: 'ok',
      status: 201,
      request_bytes: 7,
      response_bytes: 4,
    });
    expect(records[1]?.latency_ms).toBeGreaterThanOrEqual(0);
    expect(JSON.stringify(records)).not.toContain('hidden-value');
  });

  it('A1: what cannot be put on record is not called', async () => {
    const { audit } = world.stack.vault.deps;
    const append = audit.append;
    Object.assign(audit, { append: () => Promise.reject(new (class extends Error {})('disk full')) });
    const { status } = await world.proxy({ method: 'GET', url: world.api, grant_id: grantId });
    Object.assign(audit, { append });
    expect(status).toBeGreaterThanOrEqual(500);
    expect(world.arrived).toEqual([]);
  });

  it('refuses what retrieve mode refuses: another host, another user, an unknown grant, a key without the scope', async () => {
    const elsewhere = await world.proxy({
      method: 'GET',
      url: 'https://elsewhere.example/',
      grant_id: grantId,
    });
    expect([elsewhere.status, elsewhere.body.error]).toEqual([422, 'blocked_destination']);
    const session = { user_token: await world.stack.userToken('carol') };
    const owned = await connectAccount(world.stack.vault, { provider: 'acme', user: 'bob', session });
    const foreign = await world.proxy({
      method: 'GET',
      url: world.api,
      grant_id: owned.grant_id,
      user_token: await world.stack.userToken('dave'),
    });
    expect([foreign.status, foreign.body.error]).toEqual([404, 'grant_not_found']);
    const other = await world.proxy({ method: 'GET', url: world.api, grant_id: grantId }, { app: 'other' });
    expect([other.status, other.body.error]).toEqual([404, 'grant_not_found']);
    const narrowed = await world.proxy(
      { method: 'GET', url: world.api, grant_id: grantId },
      { scopeConstraints: 'tokens:retrieve' },
    );
    expect([narrowed.status, narrowed.body.missing]).toEqual([403, ['proxy:execute']]);
    const agent = await world.proxy({ method: 'GET', url: world.api, grant_id: grantId, app_user_id: 'x' });
    expect([agent.status, agent.body.error]).toEqual([422, 'not_supported_yet']);
    expect(world.arrived).toEqual([]);
    const records = await world.records();
    expect(
      records.filter(({ kind: one, decision }) => one === 'access.proxy' && decision === 'deny').length,
    ).toBe(3);
  });

  it("R1: a provider's 401 is answered once by a refresh and the whole call again", async () => {
    const tokens: string[] = [];
    world.provide((arrived, response) => {
      const [token = ''] = listHeader(arrived, 'authorization');
      tokens.push(token);
      const isOld = tokens.length === 1;
      response.writeHead(
        isOld ? 401 : 200,
        isOld ? { 'www-authenticate': 'Bearer error="invalid_token"' } : {},
      );
      response.end(arrived.body);
    });
    const { body } = await world.proxy({
      method: 'POST',
      url: `${world.api}/again`,
      grant_id: grantId,
      body: { once: true },
      reason: 'replayed',
    });
    expect([body.status_code, readBody(body)]).toEqual([200, '{"once":true}']);
    expect(tokens).toHaveLength(2);
    expect(tokens[0]).not.toBe(tokens[1]);
    const records = (await world.records()).filter((record) => record.reason === 'replayed');
    expect(records.map((record) => [record.kind, record.status])).toEqual([
      ['access.proxy', undefined],
      ['access.outcome', 401],
      ['access.proxy', undefined],
      ['access.outcome', 200],
    ]);
    // A token that was made this moment and is refused is refused for another reason: no further refresh, and the provider's answer.
    world.arrived.length = 0;
    world.provide((_, response) => response.writeHead(401).end());
    const refused = await world.proxy({ method: 'GET', url: world.api, grant_id: grantId });
    expect(refused.body.status_code).toBe(401);
    expect(world.arrived).toHaveLength(1);
  });
});
