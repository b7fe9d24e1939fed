import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type EmulatedOverrides,
  type Emulator,
  emulatedOverrides,
  hashToken,
  startEmulator,
} from '../src/index.js';
import { connectShape, DIALECTS, makeClient, postToken } from './shape-client.js';

let emulator: Emulator;
let to: EmulatedOverrides;
beforeAll(async () => {
  emulator = await startEmulator({ port: 0, idpPort: 0 });
  to = emulatedOverrides('zoom', emulator.provider.url);
});
afterAll(() => emulator.close());

async function control(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${emulator.provider.url}/__emulator/${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function callApi(token: unknown, path = '/messages', init: RequestInit = {}) {
  return fetch(`${to.api_base_urls[0]}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...init.headers },
  });
}

describe('control API', () => {
  it('orders misbehaviour, and takes it back', async () => {
    const order = { kind: 'rate_limit', realm: 'zoom', endpoint: 'api', retry_after_seconds: 3 };
    const { body } = await control('POST', 'misbehaviours', order);
    expect((await callApi('any')).headers.get('retry-after')).toBe('3');
    expect((await control('GET', 'misbehaviours')).body).toEqual({
      misbehaviours: [
        {
          id: body.id,
          kind: 'rate_limit',
          realm: 'zoom',
          endpoint: 'api',
          retry_after_seconds: 3,
          times_left: null,
        },
      ],
    });
    await control('DELETE', `misbehaviours/${String(body.id)}`);
    expect((await callApi('any')).status).toBe(401);
  });

  it('expires access tokens and revokes the grants of one user only', async () => {
    const alice = await connectShape('zoom', to);
    const bob = await connectShape('zoom', to, { user: 'bob' });
    expect((await control('POST', 'expire-access-tokens', { realm: 'zoom', subject: 'alice' })).body).toEqual(
      { count: 1 },
    );
    expect((await callApi(alice.access_token)).status).toBe(401);
    const refresh = (token: unknown) =>
      postToken(to, DIALECTS.zoom, makeClient('zoom'), {
        grant_type: 'refresh_token',
        refresh_token: String(token),
      });
    expect((await refresh(alice.refresh_token)).status).toBe(200);
    await control('POST', 'revoke-grants', { realm: 'zoom', subject: 'bob' });
    expect((await callApi(bob.access_token)).status).toBe(401);
    expect((await refresh(bob.refresh_token)).status).toBe(400);
  });

  it('K6: the log tells issued, presented and refused tokens apart and holds no token', async () => {
    await control('DELETE', 'log');
    const tokens = await connectShape('zoom', to);
    await callApi(tokens.access_token);
    await callApi('unknown-token');
    const { body } = await control('GET', 'log?realm=zoom&token_type=access_token');
    const sha256 = hashToken(String(tokens.access_token));
    expect(body.events).toEqual([
      expect.objectContaining({
        event: 'issued',
        sha256,
        generation: 1,
        client_id: 'zoom-client',
        subject: 'alice',
      }),
      expect.objectContaining({ event: 'presented', endpoint: 'api', sha256 }),
      expect.objectContaining({ event: 'accepted', sha256 }),
      expect.objectContaining({ event: 'presented', sha256: hashToken('unknown-token') }),
      expect.objectContaining({ event: 'refused', sha256: hashToken('unknown-token') }),
    ]);
    const whole = JSON.stringify((await control('GET', 'log')).body);
    for (const secret of [tokens.access_token, tokens.refresh_token, 'zoom-secret']) {
      expect(whole).not.toContain(String(secret));
    }
    expect((await control('GET', 'log/summary')).body).toMatchObject({
      issued: { refresh_token: 1 },
      refresh_replayed: [],
    });
  });

  it('T3: refuses what it does not know, naming the field', async () => {
    const cases: [string, string, unknown, RegExp][] = [
      ['POST', 'misbehaviours', { kind: 'explode' }, /kind must be one of/],
      ['POST', 'misbehaviours', { kind: 'html', sneaky: 1 }, /unknown field "sneaky"/],
      ['POST', 'misbehaviours', '{', /not JSON/],
      ['POST', 'revoke-grants', { realm: 'nowhere' }, /no realm/],
      ['PATCH', 'settings', { coop: 'wrong' }, /coop must be one of/],
      ['PUT', 'clients', { client_id: 'x' }, /redirect_uris is missing/],
    ];
    for (const [method, path, body, message] of cases) {
      const answer = await control(method, path, body);
      expect([answer.status, answer.body.error_description]).toEqual([400, expect.stringMatching(message)]);
    }
  });

  it('T4: answers neither a page of another site nor a foreign host name', async () => {
    expect((await control('GET', 'log', undefined, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    const status = await new Promise((resolve, reject) => {
      const options = {
        port: emulator.provider.port,
        path: '/__emulator/log',
        headers: { host: 'rebound.example' },
      };
      request({ host: '127.0.0.1', ...options }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
  });

  it('changes settings, registers clients and mints user tokens', async () => {
    const { body } = await control('PATCH', 'settings', {
      coop: 'same-origin-allow-popups',
      token_delay_ms: 0,
    });
    expect(body).toMatchObject({ coop: 'same-origin-allow-popups', refresh_mode: 'strict' });
    const client = { client_id: 'fresh', client_secret: 's', redirect_uris: ['http://localhost:9/cb'] };
    expect((await control('PUT', 'clients', client)).status).toBe(200);
    const url = `${emulator.provider.url}/authorize?client_id=fresh&response_type=code&scope=openid&redirect_uri=http%3A%2F%2Flocalhost%3A9%2Fcb&code_challenge_method=S256&code_challenge=${'a'.repeat(43)}`;
    const asked = await fetch(url, { redirect: 'manual' });
    expect(asked.headers.get('location')).toMatch(/^\/interaction\//);
    const minted = await control('POST', 'user-tokens', {
      subject: 'u',
      audience: 'a',
      expires_in_seconds: -5,
    });
    const [, payload = ''] = String(minted.body.token).split('.');
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      iss: emulator.provider.issuer,
      sub: 'u',
    });
    await control('PATCH', 'settings', { coop: null });
  });
});

describe('resource API', () => {
  it('sends and lists messages, and echoes a call without its credential', async () => {
    const tokens = await connectShape('zoom', to);
    const json = { 'content-type': 'application/json' };
    const sent = await callApi(tokens.access_token, '/messages', {
      method: 'POST',
      headers: json,
      body: '{"to":"bob","text":"Hello"}',
    });
    expect(sent.status).toBe(201);
    const bad = await callApi(tokens.access_token, '/messages', {
      method: 'POST',
      headers: json,
      body: '{"to":1}',
    });
    expect(bad.status).toBe(422);
    const list = (await (await callApi(tokens.access_token)).json()) as { messages: object[] };
    expect(list.messages).toContainEqual(expect.objectContaining({ to: 'bob', text: 'Hello' }));
    const echo = await callApi(tokens.access_token, '/echo/a%20b?x=1&x=2&api_key=hidden', {
      method: 'PUT',
      body: 'body',
      headers: { 'x-one': '1' },
    });
    const text = await echo.text();
    expect(text).not.toContain(String(tokens.access_token));
    expect(text).not.toContain('hidden');
    expect(JSON.parse(text)).toMatchObject({
      method: 'PUT',
      path: '/echo/a%20b',
      query: [
        ['x', '1'],
        ['x', '2'],
        ['api_key', '[credential]'],
      ],
      headers: expect.arrayContaining([
        ['x-one', '1'],
        ['authorization', 'Bearer [credential]'],
      ]),
      credentials: [
        {
          in: 'header',
          name: 'authorization',
          scheme: 'Bearer',
          sha256: hashToken(String(tokens.access_token)),
        },
        { in: 'query', name: 'api_key', sha256: hashToken('hidden') },
      ],
      body: 'body',
      body_bytes: 4,
      account: 'alice',
    });
  });

  it('answers any status, waits, and challenges for a scope', async () => {
    const { access_token: token } = await connectShape('zoom', to);
    const limited = await callApi(token, '/status/429?retry_after=9');
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '9']);
    expect((await callApi(token, '/status/204')).status).toBe(204);
    expect((await callApi(token, '/status/999')).status).toBe(400);
    expect(await (await callApi(token, '/slow?ms=5')).json()).toEqual({ waited_ms: 5 });
    expect((await callApi(token, '/scoped/admin')).headers.get('www-authenticate')).toContain(
      'scope="admin"',
    );
  });
});

describe('alter-emulator', () => {
  it('F3: prints one line with its addresses and ends cleanly on SIGTERM', async () => {
    const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
    const child = spawn(process.execPath, [main, '--port', '0', '--idp-port', '0']);
    const line = await new Promise<string>((resolve) =>
      child.stdout.once('data', (chunk) => resolve(String(chunk))),
    );
    const [, provider, idp] = /^ready (http:\S+) (http:\S+)\n$/.exec(line) ?? [];
    for (const issuer of [provider, idp]) {
      const discovery = await fetch(`${issuer}/.well-known/openid-configuration`);
      expect(await discovery.json()).toMatchObject({ issuer });
    }
    child.kill('SIGTERM');
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
  });
});
