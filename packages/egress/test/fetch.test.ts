import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { keep, openEgress } from './egress-under-test.js';
import { startHttp, startTls } from './loopback-server.js';
import { testCertificate } from './test-certificate.js';

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
