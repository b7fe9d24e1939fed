import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeBothDatabases } from '../harness.js';
import { type ProxyWorld, startProxyWorld } from './proxy-world.js';

/** PORT is a socket that listens on this machine and must see nothing. */
const hostile = [
  'http://127.0.0.1:PORT/',
  'https://127.0.0.1:PORT/',
  'http://localhost:PORT/',
  'http://[::1]:PORT/',
  'http://[::ffff:127.0.0.1]:PORT/',
  'https://0.0.0.0:PORT/',
  'https://2130706433:PORT/',
  'https://0x7f.1:PORT/',
  'https://0177.0.0.1:PORT/',
  'https://api.allowed.example@127.0.0.1:PORT/',
  'https://user:pass@api.allowed.example/',
  'https://api.allowed.example:PORT/',
  'https://api.allowed.example./',
  'https://api.allowed.example\\@127.0.0.1:PORT/',
  'https://аpi.allowed.example/',
  'https://api.allowed.example.evil.example/',
  'https://evil.example/?x=api.allowed.example',
  'http://api.allowed.example/',
  'https://169.254.169.254/latest/meta-data/',
  'https://[64:ff9b::7f00:1]:PORT/',
  'ftp://api.allowed.example/',
  'file:///etc/passwd',
  '//api.allowed.example/',
  'not a url',
];

describeBothDatabases('E1: hostile destinations at the endpoints', (database) => {
  let world: ProxyWorld;
  let socket: Server;
  let seen = 0;
  beforeAll(async () => {
    socket = createServer((connection) => {
      seen += 1;
      connection.destroy();
    });
    await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve));
    world = await startProxyWorld(database, {
      app: (host) => ({
        managed_secrets: [
          { slug: 'narrow', kind: 'bearer', hosts: ['api.allowed.example'], value: 'narrow-value' },
          { slug: 'here', kind: 'bearer', hosts: [host], value: 'here-value' },
        ],
      }),
    });
  });
  afterAll(async () => {
    await new Promise((resolve) => socket.close(resolve));
    await world?.close();
  });

  it.each(hostile)('%s is refused by /sdk/proxy and /sdk/token, before any connection', async (template) => {
    const url = template.replaceAll('PORT', String((socket.address() as AddressInfo).port));
    const { status, body } = await world.proxy({ method: 'GET', url, provider_id: 'narrow' });
    expect([status, body.error]).toEqual([422, 'blocked_destination']);
    const request = { method: 'GET', url };
    const ask = { provider_id: 'narrow', reason: null, request };
    const answer = await world.stack.vault.signedFetch('POST', '/sdk/token', ask);
    expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([
      422,
      'blocked_destination',
    ]);
    expect(JSON.stringify(body)).not.toContain('narrow-value');
    expect(seen).toBe(0);
  });

  it('a host that is allowed and leads nowhere: provider_unreachable, and nothing was sent', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    await new Promise((resolve) => closed.close(resolve));
    const { status, body } = await world.proxy({
      method: 'GET',
      url: 'https://api.allowed.example/',
      provider_id: 'narrow',
    });
    expect([status, body.error, body.retryable]).toEqual([502, 'provider_unreachable', true]);
  });

  it('an answer that breaks off: provider_call_failed, as the call may have had its effect', async () => {
    world.provide((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy());
    });
    const { status, body } = await world.proxy({ method: 'POST', url: world.api, provider_id: 'here' });
    expect([status, body.error, body.reason]).toEqual([502, 'provider_call_failed', 'connection_lost']);
  });

  it('E2: a redirect to another origin is given back, not followed', async () => {
    const { port } = socket.address() as AddressInfo;
    world.provide((_, response) => response.writeHead(307, { location: `http://127.0.0.1:${port}/` }).end());
    const { body } = await world.proxy({ method: 'GET', url: world.api, provider_id: 'here' });
    expect([body.status_code, seen]).toEqual([307, 0]);
  });

  it('E4: a long body is cut at the limit and says so; the rest is not read', async () => {
    let isOver = false;
    world.provide(async (_, response) => {
      response.once('close', () => {
        isOver = true;
      });
      const piece = Buffer.alloc(1024 * 1024, 'x');
      for (let sent = 0; sent < 200 && !response.destroyed; sent += 1) {
        if (!response.write(piece))
          await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
      }
      response.end();
    });
    const { body } = await world.proxy({ method: 'GET', url: world.api, provider_id: 'here' });
    expect(body.body_truncated).toBe(true);
    expect(Buffer.from(String(body.body_b64), 'base64').length).toBe(10 * 1024 * 1024);
    await expect.poll(() => isOver).toBe(true);
  });
});
