import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fail, keep, openEgress } from './egress-under-test.js';
import { startHttp, startTcp } from './loopback-server.js';

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
