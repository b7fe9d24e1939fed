import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { EgressError, type EgressStreamRequest } from '../src/index.js';
import { keep, openEgress } from './egress-under-test.js';
import { startHttp } from './loopback-server.js';

type Listener = Parameters<typeof startHttp>[0];

async function open(listener: Listener, request: Partial<EgressStreamRequest> = {}) {
  const server = await keep(startHttp(listener));
  const url = `http://127.0.0.1:${server.port}/`;
  return openEgress().stream(url, { method: 'GET', silenceTimeoutMs: 5_000, ...request });
}

async function read(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** The code that a call or the reading of its body fails with. */
async function failWith(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof EgressError ? error.code : String(error);
}

describe('a guarded request whose bodies are on their way', () => {
  it('sends a source of bytes and gives the response as it comes, without headers of the connection', async () => {
    async function* source() {
      yield Buffer.from('one ');
      yield Buffer.from('two');
    }
    const { status, headers, body } = await open(
      async (request, response) => {
        const text = await read(request as AsyncIterable<Buffer>);
        response.writeHead(201, { 'set-cookie': ['a=1', 'b=2'], connection: 'x-own' });
        response.end(`${request.headers['transfer-encoding']} ${text}`);
      },
      { method: 'POST', body: source() },
    );
    expect([status, await read(body)]).toEqual([201, 'chunked one two']);
    expect(headers.filter(([name]) => name === 'set-cookie').map(([, value]) => value)).toEqual([
      'a=1',
      'b=2',
    ]);
    expect(headers.map(([name]) => name)).not.toContain('connection');
    expect(headers.map(([name]) => name)).not.toContain('transfer-encoding');
  });

  it('E4: silence ends it, before the head and in the body; what moves goes on', async () => {
    expect(await failWith(open(() => {}, { silenceTimeoutMs: 80 }))).toBe('timeout');
    const quiet = await open((_, response) => response.writeHead(200).write('begun'), {
      silenceTimeoutMs: 80,
    });
    expect(await failWith(read(quiet.body))).toBe('timeout');
    let sent = 0;
    const moving = await open(
      (_, response) => {
        const timer = setInterval(() => {
          sent += 1;
          response.write('x');
          if (sent < 12) return;
          clearInterval(timer);
          response.end();
        }, 30);
      },
      { silenceTimeoutMs: 250 },
    );
    expect(await read(moving.body)).toBe('x'.repeat(12));
  });

  it('E4: an aborted call and a body that is given up end the request at the other side', async () => {
    for (const way of ['abort', 'destroy'] as const) {
      let closed: Promise<unknown> = Promise.resolve();
      const aborter = new AbortController();
      const { body } = await open(
        (_, response) => {
          closed = once(response, 'close');
          response.writeHead(200).write('begun');
        },
        { signal: aborter.signal },
      );
      if (way === 'abort') aborter.abort();
      else body.destroy();
      await closed;
      if (way === 'abort') expect(await failWith(read(body))).toBe('aborted');
    }
  });

  it.each([
    ['HEAD', 200, 'gzip'],
    ['GET', 304, 'gzip'],
    ['GET', 204, 'br'],
    ['GET', 200, 'gzip'],
    ['GET', 200, 'br'],
  ])(
    'an answer to %s with %i, in %s and without a byte, is no broken one',
    async (method, code, encoding) => {
      const answer: Listener = (_, response) =>
        response.writeHead(code, { 'content-encoding': encoding, etag: '"1"' }).end();
      const { status, headers, body } = await open(answer, { method });
      expect([status, await read(body)]).toEqual([code, '']);
      expect(headers).toContainEqual(['etag', '"1"']);
    },
  );

  it('what S3 calls aws-chunked is stored plain', async () => {
    const { body } = await open((_, response) =>
      response.writeHead(200, { 'content-encoding': 'aws-chunked,gzip' }).end(gzipSync('hello')),
    );
    expect(await read(body)).toBe('hello');
  });

  it('E4: where all connections of an origin are taken, the next call ends soon, unsent, and not with its whole time', async () => {
    let count = 0;
    const server = await keep(
      startHttp((_, response) => {
        count += 1;
        response.writeHead(200).write('open');
      }),
    );
    const egress = openEgress({ connectTimeoutMs: 100, originConnectionsMax: 2 });
    const call = () =>
      egress.stream(`http://127.0.0.1:${server.port}/`, { method: 'GET', silenceTimeoutMs: 60_000 });
    const [first, second] = await Promise.all([call(), call()]);
    await expect(call()).rejects.toMatchObject({ code: 'connect_timeout', requestWritten: false });
    expect(count).toBe(2);
    first.body.destroy();
    const next = await call();
    expect(next.status).toBe(200);
    for (const { body } of [second, next]) body.destroy();
  });

  it('E4: an encoded body is decoded; a bomb and an unknown encoding are not', async () => {
    const encode = (encoding: string, body: Buffer): Listener => {
      return (_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body);
    };
    const plain = await open(encode('gzip', gzipSync('hello')));
    expect([await read(plain.body), plain.headers.some(([name]) => name === 'content-encoding')]).toEqual([
      'hello',
      false,
    ]);
    const bomb = await open(encode('gzip', gzipSync(Buffer.alloc(64 * 1024 * 1024))));
    expect(await failWith(read(bomb.body))).toBe('response_too_large');
    expect(await failWith(open(encode('zstd', Buffer.from('x'))))).toBe('invalid_response');
    const broken = await open(encode('gzip', Buffer.from('no gzip at all')));
    expect(await failWith(read(broken.body))).toBe('invalid_response');
  });

  it('E1: refuses what fetch refuses, with nothing sent', async () => {
    const egress = openEgress({ isDevelopment: false });
    for (const url of ['http://127.0.0.1:1/', 'https://10.0.0.1/', 'https://user@api.example.com/']) {
      expect(['blocked_destination', 'invalid_url']).toContain(
        await failWith(egress.stream(url, { method: 'GET' })),
      );
    }
  });
});

describe('E1: names whose answers change', () => {
  it('a name is resolved once for a request, checked, and connected to that very address', async () => {
    const asked: string[] = [];
    const server = await keep(startHttp((_, response) => response.end('here')));
    const lookup = async (host: string) => {
      asked.push(host);
      return asked.length === 1 ? ['127.0.0.1'] : ['10.0.0.1'];
    };
    const egress = openEgress({ lookup, lookupTtlMs: 0 });
    const url = `http://rebound.localhost:${server.port}/`;
    const { body } = await egress.stream(url, { method: 'GET' });
    expect([await read(body), asked.length]).toEqual(['here', 1]);
    expect(await failWith(egress.stream(url, { method: 'GET' }))).toBe('blocked_destination');
    expect([asked.length, server.connections()]).toEqual([2, 1]);
  });
});
