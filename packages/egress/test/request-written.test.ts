import { describe, expect, it } from 'vitest';
import { fail, keep, openEgress } from './egress-under-test.js';
import { startHttp, startTcp, startTls } from './loopback-server.js';
import { testCertificate } from './test-certificate.js';

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

  it('R4: what has to be done before the first byte is done on a standing connection, and a refusal leaves nothing written', async () => {
    let bytes = 0;
    const server = await keep(
      startTcp((socket) => socket.on('data', (chunk: Buffer) => (bytes += chunk.byteLength))),
    );
    let seen: { connections: number; bytes: number } | undefined;
    const beforeFirstByte = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      seen = { connections: server.connections(), bytes };
      throw new Error('no longer ours');
    };
    const request = { isFreshConnection: true, beforeFirstByte };
    const error = await fail(`http://127.0.0.1:${server.port}/`, request);
    expect(error.requestWritten).toBe(false);
    expect([seen, bytes]).toEqual([{ connections: 1, bytes: 0 }, 0]);
  });

  it('R4: once that is done the request goes out, over TLS too', async () => {
    const server = await keep(startTls((_request, response) => response.end('served')));
    const steps: string[] = [];
    const response = await openEgress({
      ca: testCertificate,
      lookup: async () => ['127.0.0.1'],
    }).fetch(`https://api.example.com:${server.port}/`, {
      method: 'POST',
      body: 'x',
      timeoutMs: 2_000,
      isFreshConnection: true,
      beforeFirstByte: async () => void steps.push('before'),
    });
    expect([response.text(), steps]).toEqual(['served', ['before']]);
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

describe('the operator and development', () => {
  it('E1: a host inside the own network is reached only when the operator names it', async () => {
    const server = await keep(startTls((_request, response) => response.end('inside')));
    const url = `https://gitlab.example.net:${server.port}/`;
    const options = { isDevelopment: false, ca: testCertificate, lookup: async () => ['127.0.0.1'] };
    const refused = await fail(url, {}, options);
    expect([refused.code, server.connections()]).toEqual(['blocked_destination', 0]);
    for (const allowedNetworks of [['127.0.0.0/8'], ['gitlab.example.net'], ['*.example.net']]) {
      const response = await openEgress(options).fetch(url, {
        method: 'GET',
        timeoutMs: 2_000,
        allowedNetworks,
      });
      expect(response.text()).toBe('inside');
    }
    const unreadable = await fail(url, { allowedNetworks: ['127.0.0.0/99'] }, options);
    expect(unreadable.code).toBe('blocked_destination');
  });

  it('E1: the allowed hosts hold in development too', async () => {
    const server = await keep(startHttp((_request, response) => response.end('ok')));
    const error = await fail(`http://127.0.0.1:${server.port}/`, { allowedHosts: ['127.0.0.1:1'] });
    expect([error.code, server.connections()]).toEqual(['blocked_destination', 0]);
  });

  it('R4: given up while it waits for a connection, it is never written afterwards', async () => {
    const server = await keep(startTcp(() => {}));
    const error = await fail(
      `https://127.0.0.1:${server.port}/`,
      { timeoutMs: 60 },
      { connectTimeoutMs: 2_000 },
    );
    expect([error.code, error.requestWritten]).toEqual(['connect_timeout', false]);
  });
});
