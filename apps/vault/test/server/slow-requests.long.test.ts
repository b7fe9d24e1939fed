import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeBothDatabases } from '../harness.js';
import { type ProxyWorld, startProxyWorld } from '../proxy/proxy-world.js';
import { signPost } from '../proxy/signed-call.js';
import { type ServedVault, serveVault } from './socket.js';

const bodyMs = 300;

describeBothDatabases('T3: requests that drip', (kind) => {
  let world: ProxyWorld;
  let served: ServedVault;
  beforeAll(async () => {
    world = await startProxyWorld(kind, {
      app: (host) => ({
        managed_secrets: [{ slug: 'key', kind: 'bearer', hosts: [host], value: 'key-value' }],
      }),
    });
    world.provide((_, response) => response.end());
    served = await serveVault(world.stack.vault, { bodyMs });
  });
  afterAll(async () => {
    await served?.close();
    await world?.close();
  });

  /** Sends the head of a POST and then a byte of its body every 50 ms until the server ends the connection. */
  const drip = (path: string, headers: Record<string, string>, body: string) =>
    new Promise<{ answer: string; tookMs: number }>((resolve) => {
      const startedAtMs = performance.now();
      let answer = '';
      let at = 0;
      let timer: NodeJS.Timeout | undefined;
      const isChunked = headers['transfer-encoding'] === 'chunked';
      const socket = connect(served.port, '127.0.0.1', () => {
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
        socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}\r\n`);
        timer = setInterval(() => {
          const byte = body[at % body.length] ?? '';
          socket.write(isChunked ? `1\r\n${byte}\r\n` : byte);
          at += 1;
        }, 50);
      });
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        answer += chunk;
      });
      // Writing on after the end is answered with a reset.
      socket.on('error', () => {});
      socket.once('close', () => {
        clearInterval(timer);
        resolve({ answer, tookMs: performance.now() - startedAtMs });
      });
    });
  const readAnswer = (answer: string) => {
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    return { head, body: JSON.parse(body) as Record<string, unknown> };
  };

  const call = () => JSON.stringify({ method: 'GET', url: world.api, provider_id: 'key', has_body: true });
  it.each([
    ['/sdk/proxy', 'content-length'],
    ['/sdk/proxy/stream', 'content-length'],
    ['/sdk/proxy/stream', 'transfer-encoding'],
    ['/sdk/token', 'transfer-encoding'],
    ['/sdk/grants/list', 'content-length'],
    ['/sdk/oauth/connect/session', 'transfer-encoding'],
    ['/sdk/oauth/connect/page/open', 'content-length'],
  ])(
    'a body for %s (%s): 408, the connection closed, nothing called and nothing recorded',
    async (path, framing) => {
      const before = (await world.records()).length;
      const framed = { [framing]: framing === 'content-length' ? '100000' : 'chunked' };
      const headers = { ...signPost(world.stack.vault, path, call()), ...framed };
      const { answer, tookMs } = await drip(path, headers, call());
      const { head, body } = readAnswer(answer);
      expect(head).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
      expect(head).toMatch(/\r\nconnection: close\b/i);
      expect(body).toMatchObject({ error: 'request_timeout', retryable: false, user_action: 'retry' });
      expect(tookMs).toBeGreaterThanOrEqual(bodyMs);
      expect(world.arrived).toEqual([]);
      expect(await world.records()).toHaveLength(before);
    },
  );

  it.each(['/nowhere', '/healthz', '/sdk/scopes', '/docs/errors/invalid_request'])(
    'a body for %s, which takes none: answered, and the connection does not stay',
    async (path) => {
      const { answer } = await drip(path, { 'content-length': '100000' }, 'x');
      expect(answer).toMatch(/^HTTP\/1\.1 (404|405) /);
    },
  );

  it('a request of the same kind that comes in time is answered', async () => {
    const text = JSON.stringify({ method: 'GET', url: world.api, provider_id: 'key' });
    const headers = signPost(world.stack.vault, '/sdk/proxy', text);
    expect((await served.send('POST', '/sdk/proxy', headers, Buffer.from(text))).status).toBe(200);
  });
});
