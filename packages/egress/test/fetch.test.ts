import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createEgress, EgressError, type EgressOptions, type EgressRequest } from '../src/index.js';
import { type LoopbackServer, startHttp, startTcp, startTls } from './loopback-server.js';
import { testCertificate } from './test-certificate.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function openEgress(options: Partial<EgressOptions> = {}) {
  const egress = createEgress({ isDevelopment: true, connectTimeoutMs: 500, ...options });
  closers.push(() => egress.close());
  return egress;
}
async function keep(starting: Promise<LoopbackServer>): Promise<LoopbackServer> {
  const server = await starting;
  closers.push(server.close);
  return server;
}
async function fail(
  url: string,
  request: Partial<EgressRequest> = {},
  options: Partial<EgressOptions> = {},
): Promise<EgressError> {
  const error = await openEgress(options)
    .fetch(url, { method: 'POST', body: 'refresh_token=secret', timeoutMs: 2_000, ...request })
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  if (!(error instanceof EgressError)) throw new Error('did not fail as EgressError');
  expect(error.message).not.toContain('secret');
  return error;
}

describe('a guarded request', () => {
  it('sends method, headers and body, and gives the response', async () => {
    const server = await keep(
      startHttp((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          response.setHeader('set-cookie', ['a=1', 'b=2']);
          response.writeHead(201, { 'content-type': 'application/json' });
          response.end(
            JSON.stringify({
              method: request.method,
              url: request.url,
              headers: request.headers,
              body: Buffer.concat(chunks).toString(),
            }),
          );
        });
      }),
    );
    const response = await openEgress().fetch(`http://127.0.0.1:${server.port}/a%20b?c=d#fragment`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/plain', Authorization: 'Bearer x' },
      body: 'hällo',
      timeoutMs: 2_000,
    });
    expect(response.status).toBe(201);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(response.json()).toMatchObject({
      method: 'POST',
      url: '/a%20b?c=d',
      body: 'hällo',
      headers: {
        authorization: 'Bearer x',
        'content-type': 'text/plain',
        host: `127.0.0.1:${server.port}`,
        'accept-encoding': 'identity',
      },
    });
  });

  it('E2: a redirect is returned, not followed', async () => {
    const target = await keep(startHttp((_request, response) => response.end('no')));
    const server = await keep(
      startHttp((_request, response) =>
        response.writeHead(302, { location: `http://127.0.0.1:${target.port}/` }).end(),
      ),
    );
    const response = await openEgress().fetch(`http://127.0.0.1:${server.port}/`, {
      method: 'GET',
      timeoutMs: 2_000,
    });
    expect([response.status, target.connections()]).toEqual([302, 0]);
  });

  it('E1: keeps a connection only for the same checked addresses, and asks for none where told', async () => {
    const server = await keep(startHttp((_request, response) => response.end('ok')));
    const egress = openEgress();
    const url = `http://127.0.0.1:${server.port}/`;
    await egress.fetch(url, { method: 'GET', timeoutMs: 2_000 });
    // The client frees a connection one turn after the response.
    await setImmediate();
    await egress.fetch(url, { method: 'GET', timeoutMs: 2_000 });
    expect(server.connections()).toBe(1);
    await egress.fetch(url, { method: 'GET', timeoutMs: 2_000, isFreshConnection: true });
    expect(server.connections()).toBe(2);
  });

  it('E1: resolves once, connects to that very address, and keeps the TLS server name', async () => {
    const servernames: unknown[] = [];
    const server = await keep(
      startTls((request, response) => {
        servernames.push(
          (request.socket as unknown as { servername: unknown }).servername,
          request.headers.host,
        );
        response.end('ok');
      }),
    );
    const asked: string[] = [];
    const answers = [['127.0.0.1'], ['10.0.0.1']];
    const egress = openEgress({
      ca: testCertificate,
      lookupTtlMs: 0,
      lookup: async (host) => {
        asked.push(host);
        return answers.shift() ?? [];
      },
    });
    const url = `https://api.example.com:${server.port}/`;
    expect((await egress.fetch(url, { method: 'GET', timeoutMs: 2_000 })).text()).toBe('ok');
    expect(servernames).toEqual(['api.example.com', `api.example.com:${server.port}`]);
    // The name now points into a private network: the kept connection does not serve it either.
    await expect(egress.fetch(url, { method: 'GET', timeoutMs: 2_000 })).rejects.toMatchObject({
      code: 'blocked_destination',
    });
    expect(asked).toEqual(['api.example.com', 'api.example.com']);
    expect(server.connections()).toBe(1);
  });

  it('keeps a DNS answer for its time only', async () => {
    let now = 0;
    let asked = 0;
    const server = await keep(startHttp((_request, response) => response.end('ok')));
    const egress = openEgress({
      nowMs: () => now,
      lookupTtlMs: 5_000,
      lookup: async () => {
        asked += 1;
        return ['127.0.0.1'];
      },
    });
    const url = `http://app.localhost:${server.port}/`;
    for (const at of [0, 4_999, 5_000]) {
      now = at;
      await egress.fetch(url, { method: 'GET', timeoutMs: 2_000 });
    }
    expect(asked).toBe(2);
  });
});

describe('R4, R8: whether the request can have arrived', () => {
  it('connection refused: not written', async () => {
    const server = await startTcp(() => {});
    await server.close();
    const error = await fail(`http://127.0.0.1:${server.port}/`);
    expect([error.code, error.requestWritten]).toEqual(['connect_failed', false]);
  });

  it('name not resolved: not written', async () => {
    const error = await fail(
      'https://api.example.com/',
      {},
      { lookup: () => Promise.reject(new Error('ENOTFOUND secret')) },
    );
    expect([error.code, error.requestWritten]).toEqual(['connect_failed', false]);
  });

  it('E4: a resolver that never answers ends at the connect limit, not written', async () => {
    const error = await fail(
      'https://api.example.com/',
      {},
      { connectTimeoutMs: 50, lookup: () => new Promise(() => {}) },
    );
    expect([error.code, error.requestWritten]).toEqual(['connect_timeout', false]);
  });

  it('E4: a handshake that never comes ends at the connect limit, not written', async () => {
    const server = await keep(startTcp(() => {}));
    const error = await fail(`https://127.0.0.1:${server.port}/`, {}, { connectTimeoutMs: 100 });
    expect([error.code, error.requestWritten]).toEqual(['connect_timeout', false]);
  });

  it('a certificate nobody vouches for: not written', async () => {
    const server = await keep(startTls((_request, response) => response.end()));
    const error = await fail(
      `https://api.example.com:${server.port}/`,
      {},
      { lookup: async () => ['127.0.0.1'] },
    );
    expect([error.code, error.requestWritten]).toEqual(['tls_failed', false]);
  });

  it('a certificate for another name: not written', async () => {
    const server = await keep(startTls((_request, response) => response.end()));
    const error = await fail(
      `https://other.example.org:${server.port}/`,
      {},
      { ca: testCertificate, lookup: async () => ['127.0.0.1'] },
    );
    expect([error.code, error.requestWritten]).toEqual(['tls_failed', false]);
  });

  it('cut after the request was read: written', async () => {
    const server = await keep(startTcp((socket) => socket.once('data', () => socket.destroy())));
    const error = await fail(`http://127.0.0.1:${server.port}/`);
    expect([error.code, error.requestWritten]).toEqual(['connection_lost', true]);
  });

  it('accepted and closed without a word: counts as written', async () => {
    const server = await keep(startTcp((socket) => socket.end()));
    const error = await fail(`http://127.0.0.1:${server.port}/`);
    expect(error.requestWritten).toBe(true);
  });

  it('cut in the middle of the response: written', async () => {
    const server = await keep(
      startTcp((socket) =>
        socket.once('data', () =>
          socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"access_token":"secret'),
        ),
      ),
    );
    const error = await fail(`http://127.0.0.1:${server.port}/`);
    expect(error.requestWritten).toBe(true);
    expect(['connection_lost', 'invalid_response']).toContain(error.code);
  });

  it('no answer in time: written', async () => {
    const server = await keep(startHttp(() => {}));
    const error = await fail(`http://127.0.0.1:${server.port}/`, { timeoutMs: 150 });
    expect([error.code, error.requestWritten]).toEqual(['timeout', true]);
  });

  it('given up by the caller before and during the call', async () => {
    const server = await keep(startHttp(() => controller.abort()));
    const controller = new AbortController();
    const during = await fail(`http://127.0.0.1:${server.port}/`, { signal: controller.signal });
    expect([during.code, during.requestWritten]).toEqual(['aborted', true]);
    const before = await fail(`http://127.0.0.1:${server.port}/`, { signal: controller.signal });
    expect([before.code, before.requestWritten]).toEqual(['aborted', false]);
    expect(server.connections()).toBe(1);
  });

  it('a request is sent once, never again, when its kept connection dies', async () => {
    let requests = 0;
    const server = await keep(
      startHttp((request, response) => {
        requests += 1;
        if (requests === 1) response.end('ok');
        else request.socket.destroy();
      }),
    );
    const egress = openEgress();
    const url = `http://127.0.0.1:${server.port}/`;
    await egress.fetch(url, { method: 'GET', timeoutMs: 2_000 });
    await expect(egress.fetch(url, { method: 'GET', timeoutMs: 2_000 })).rejects.toMatchObject({
      code: 'connection_lost',
      requestWritten: true,
    });
    expect(requests).toBe(2);
  });
});

describe('E4: limits', () => {
  it.each([
    ['declared', 'content-length: 2000\r\n\r\n'],
    ['undeclared', `\r\n${'x'.repeat(2000)}`],
    ['in the headers', `x-large: ${'x'.repeat(40_000)}\r\n\r\n`],
  ])('a response too large: %s', async (_name, rest) => {
    const server = await keep(
      startTcp((socket) => socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n${rest}`))),
    );
    const error = await fail(`http://127.0.0.1:${server.port}/`, { maxResponseBytes: 1000 });
    expect(error.code).toBe('response_too_large');
  });

  it('a decompression bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(5_000_000));
    const server = await keep(
      startHttp((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)),
    );
    const error = await fail(`http://127.0.0.1:${server.port}/`, { maxResponseBytes: 100_000 });
    expect(error.code).toBe('response_too_large');
  });

  it.each(['gzip', 'x-unknown', 'gzip, gzip, gzip'])(
    'a body that is not what it says: %s',
    async (encoding) => {
      const server = await keep(
        startHttp((_request, response) =>
          response.writeHead(200, { 'content-encoding': encoding }).end('plain'),
        ),
      );
      expect((await fail(`http://127.0.0.1:${server.port}/`)).code).toBe('invalid_response');
    },
  );

  it('a compressed body within the limit is decoded', async () => {
    const server = await keep(
      startHttp((_request, response) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"a":1}')),
      ),
    );
    const response = await openEgress().fetch(`http://127.0.0.1:${server.port}/`, {
      method: 'GET',
      timeoutMs: 2_000,
    });
    expect(response.json()).toEqual({ a: 1 });
    expect(response.headers.has('content-encoding')).toBe(false);
  });

  it('an answer that is not HTTP', async () => {
    const server = await keep(
      startTcp((socket) => socket.once('data', () => socket.end('SSH-2.0-secret\r\n'))),
    );
    const error = await fail(`http://127.0.0.1:${server.port}/`);
    expect([error.code, error.requestWritten]).toEqual(['invalid_response', true]);
  });
});

describe('E3: what a caller may not send', () => {
  it.each([
    [{ Host: 'evil.example' }],
    [{ 'Content-Length': '1' }],
    [{ 'Transfer-Encoding': 'chunked' }],
    [{ Connection: 'close' }],
    [{ Upgrade: 'websocket' }],
    [{ 'Proxy-Authorization': 'x' }],
    [{ Expect: '100-continue' }],
    [{ 'X-A': 'a\r\nX-B: secret' }],
    [{ 'X-A': 'a\nb' }],
    [{ 'X-A': 'a\u0000b' }],
    [{ 'X-A': 'snow ☃' }],
    [{ 'X A': 'a' }],
    [{ 'X-A\r\nX-B': 'a' }],
    [{ '': 'a' }],
    [{ 'X-A': '1', 'x-a': '2' }],
    [{ 'X-A': 'x'.repeat(40_000) }],
  ])('headers %j', async (headers) => {
    const server = await keep(startTcp(() => {}));
    const error = await fail(`http://127.0.0.1:${server.port}/`, {
      headers: headers as Record<string, string>,
    });
    expect([error.code, error.requestWritten, server.connections()]).toEqual(['invalid_request', false, 0]);
  });

  it.each(['CONNECT', 'TRACE', 'get', 'G ET', 'GET\r\n', ''])('method %j', async (method) => {
    const server = await keep(startTcp(() => {}));
    const error = await fail(`http://127.0.0.1:${server.port}/`, { method });
    expect([error.code, server.connections()]).toEqual(['invalid_request', 0]);
  });
});
