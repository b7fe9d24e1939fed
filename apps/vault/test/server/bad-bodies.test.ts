import { sdkEndpoints } from '@alter-ai/core-contract';
import { buildSignedHeaders, createNonce, deriveSigningKeyObject, sha256Hex } from '@alter-ai/core-crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeBothDatabases, startTestVault, type TestVault } from '../harness.js';
import { type ServedVault, serveVault } from './socket.js';

const posts = Object.values(sdkEndpoints)
  .filter((endpoint) => endpoint.method === 'POST')
  .map((endpoint) => endpoint.path.replace('{grant_id}', '0199a2f4-7c11-7000-8000-000000000001'));

describeBothDatabases('bad bodies', (kind) => {
  let vault: TestVault;
  let served: ServedVault;
  beforeAll(async () => {
    vault = await startTestVault({ kind });
    served = await serveVault(vault);
  });
  afterAll(async () => {
    await served?.close();
    await vault?.close();
  });

  const post = (path: string, body: unknown, options = {}) => vault.signedFetch('POST', path, body, options);
  const answerOf = async (response: Response) => {
    const body = (await response.json()) as Record<string, unknown>;
    expect(body).toMatchObject({
      error: expect.any(String),
      message: expect.any(String),
      retryable: expect.any(Boolean),
      user_action: expect.any(String),
      documentation_url: expect.stringContaining('/docs/errors/'),
      request_id: response.headers.get('x-request-id'),
    });
    expect(JSON.stringify(body)).not.toMatch(/\bat .*\.(ts|js):\d+/);
    return [response.status, body.error, body.field] as const;
  };

  it.each(posts)(
    'T3: %s refuses what is no JSON, no UTF-8, no object, nested too deep or too large',
    async (path) => {
      expect(await answerOf(await post(path, '{"a":'))).toEqual([400, 'invalid_request', undefined]);
      expect(await answerOf(await post(path, '\ufeff{}'))).toEqual([400, 'invalid_request', undefined]);
      expect((await answerOf(await post(path, '[]')))[0]).toBe(400);
      expect((await answerOf(await post(path, '"text"')))[0]).toBe(400);
      expect((await answerOf(await post(path, 'null')))[0]).toBe(400);
      const deep = `{"reason":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
      expect(await answerOf(await post(path, deep))).toEqual([400, 'invalid_request', undefined]);
      const large = JSON.stringify({ reason: 'x'.repeat(8 * 1024 * 1024) });
      expect((await answerOf(await post(path, large)))[1]).toBe('payload_too_large');
    },
  );

  it.each(posts)(
    'T3: %s refuses unknown fields by name, and names that reach into prototypes',
    async (path) => {
      const [status, code, field] = await answerOf(await post(path, { surprise: true }));
      expect([status, code, field]).toEqual([422, 'unknown_field', 'surprise']);
      for (const name of ['__proto__', 'constructor', 'prototype']) {
        expect(await answerOf(await post(path, `{"${name}":{"a":1}}`))).toEqual([
          400,
          'invalid_request',
          name,
        ]);
      }
      const escaped = await post(path, '{"\\u005f_proto__":{"a":1}}');
      expect(await answerOf(escaped)).toEqual([400, 'invalid_request', '__proto__']);
    },
  );

  it('T3: text that the database cannot hold is refused, but for fields of other people', async () => {
    const withText = (text: string) =>
      `{"grant_id":"${text}","request":{"method":"GET","url":"https://a.example"}}`;
    expect(await answerOf(await post('/sdk/token', withText('a\\u0000b')))).toEqual([
      400,
      'invalid_request',
      'grant_id',
    ]);
    expect(await answerOf(await post('/sdk/token', withText('\\ud800')))).toEqual([
      400,
      'invalid_request',
      'grant_id',
    ]);
    const reason =
      '{"grant_id":"x","reason":"a\\u0000b","request":{"method":"GET","url":"https://a.example"}}';
    expect((await answerOf(await post('/sdk/token', reason)))[1]).toBe('grant_not_found');
  });

  it('T3: a wrong type names its path', async () => {
    const body = { grant_id: 'x', request: { method: 'GET', url: 5 } };
    expect(await answerOf(await post('/sdk/token', body))).toEqual([400, 'invalid_request', 'request.url']);
    const nested = { grant_id: 'x', request: { method: 'GET', url: 'https://a.example', more: 1 } };
    expect(await answerOf(await post('/sdk/token', nested))).toEqual([422, 'unknown_field', 'request.more']);
    const both = { grant_id: 'x', provider_id: 'y', request: { method: 'GET', url: 'https://a.example' } };
    expect((await answerOf(await post('/sdk/token', both)))[1]).toBe('invalid_request');
  });

  it('T3: a field whose capability is missing is refused, and unset it is not', async () => {
    const path = '/sdk/oauth/connect/session';
    expect(await answerOf(await post(path, { agent: 'a' }))).toEqual([422, 'not_supported_yet', 'agent']);
    const restricted = { requested_grant: { label: 'x', restrictions: { allowed_methods: ['GET'] } } };
    expect(await answerOf(await post(path, restricted))).toEqual([
      422,
      'not_supported_yet',
      'requested_grant.restrictions',
    ]);
    const policy = { grant_policy: { max_ttl_seconds: -1 } };
    expect((await answerOf(await post(path, policy)))[1]).toBe('invalid_grant_policy');
  });

  it('T3: another content type, and compressed bodies, are 415', async () => {
    for (const headers of [
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/json; charset=latin1' },
      { 'content-type': undefined },
      { 'content-encoding': 'gzip' },
    ]) {
      expect((await answerOf(await post('/sdk/grants/list', {}, { headers })))[1]).toBe(
        'unsupported_media_type',
      );
    }
    const headers = { 'content-type': 'application/json; charset=UTF-8' };
    expect((await post('/sdk/grants/list', {}, { headers })).status).toBe(200);
  });

  it('T3: unknown addresses are 404, other methods 405, in the usual envelope', async () => {
    expect(await answerOf(await vault.app.request('/sdk/nothing'))).toEqual([404, 'not_found', undefined]);
    const put = await vault.app.request('/sdk/token', { method: 'PUT' });
    expect(put.headers.get('allow')).toBe('POST');
    expect(await answerOf(put)).toEqual([405, 'method_not_allowed', undefined]);
  });

  const sign = (path: string, bytes: Uint8Array) => ({
    'x-api-key': vault.apiKeys.demo ?? '',
    'content-type': 'application/json',
    ...buildSignedHeaders(deriveSigningKeyObject(vault.apiKeys.demo ?? ''), {
      method: 'POST',
      target: path,
      timestamp: Date.now() / 1000,
      nonce: createNonce(),
      bodySha256: sha256Hex(bytes),
    }),
  });

  it('T3: over a socket: bytes that are no UTF-8 are 400, 8 MiB are 413 and the answer arrives', async () => {
    const broken = Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]);
    const refused = await served.send('POST', '/sdk/grants/list', sign('/sdk/grants/list', broken), broken);
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_request']);
    const large = Buffer.alloc(8 * 1024 * 1024, 0x20);
    for (const path of ['/sdk/token', '/sdk/oauth/audit/api-call']) {
      const answer = await served.send('POST', path, sign(path, large), large);
      expect([answer.status, answer.body.error]).toEqual([413, 'payload_too_large']);
    }
    const fits = Buffer.from(JSON.stringify({ limit: 1 }));
    expect((await served.send('POST', '/sdk/grants/list', sign('/sdk/grants/list', fits), fits)).status).toBe(
      200,
    );
  });

  it('T1: over a socket: a protected header that is there twice is refused', async () => {
    const bytes = Buffer.from('{}');
    for (const name of ['X-Alter-Nonce', 'X-Alter-Caller', 'x-api-key', 'X-Alter-Key-Id']) {
      const headers: Record<string, string | string[]> = sign('/sdk/grants/list', bytes);
      for (const known of Object.keys(headers)) {
        if (known.toLowerCase() === name.toLowerCase()) delete headers[known];
      }
      headers[name] = ['a', 'b'];
      const answer = await served.send('POST', '/sdk/grants/list', headers, bytes);
      expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
    }
  });

  it('T3: over a socket: what is no HTTP, or names no host, is no crash', async () => {
    expect(await served.sendRaw('GET \r\n\r\n')).toContain('400');
    expect(
      await served.sendRaw('GET /sdk/\\token HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n'),
    ).toContain('400');
    expect((await served.send('GET', '/healthz', {})).status).toBe(200);
  });
});
