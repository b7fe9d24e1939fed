import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildSignedHeaders,
  createNonce,
  deriveSigningKeyObject,
  mintApiKey,
  sha256Hex,
} from '@alter-ai/core-crypto';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { type RunningServer, runServer } from '../../src/run-server.js';

const apiKey = mintApiKey('app');
const path = '/sdk/grants/list';

describe('requests as bytes, to the server as it runs', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'alter-vault-'));
  const configFile = join(dataDir, 'vault.json');
  const environment = {
    ALTER_VAULT_ENV: 'development',
    ALTER_VAULT_DATA_DIR: dataDir,
    ALTER_VAULT_ROOT_KEY: randomBytes(32).toString('base64'),
    ALTER_VAULT_CONFIG_FILE: configFile,
    PORT: '0',
  };
  let server: RunningServer;
  const start = () => runServer(loadConfig(environment), pino({ level: 'silent' }));
  beforeAll(async () => {
    const app = { slug: 'demo', name: 'Demo', api_keys: [{ name: 'backend', value: apiKey }] };
    writeFileSync(configFile, JSON.stringify({ version: 1, apps: [app] }));
    server = await start();
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** Sends bytes, ends its own side, and answers everything that comes back. */
  const send = (bytes: string | Buffer) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.end(bytes));
      let text = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      socket.once('close', () => resolve(text));
      socket.once('error', (error) => (text === '' ? reject(error) : resolve(text)));
    });

  const sign = (body: string, target = path, method = 'POST') => ({
    Host: `127.0.0.1:${server.port}`,
    'x-api-key': apiKey,
    ...buildSignedHeaders(deriveSigningKeyObject(apiKey), {
      method,
      target,
      timestamp: Date.now() / 1000,
      nonce: createNonce(),
      bodySha256: sha256Hex(body),
    }),
  });
  const write = (line: string, headers: object, extra: readonly string[], body: string) =>
    [
      `${line} HTTP/1.1`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      'Connection: close',
      ...extra,
      '',
      body,
    ].join('\r\n');
  const post = (body: string, extra: readonly string[] = [], headers: object = sign(body)) =>
    write(
      `POST ${path}`,
      headers,
      ['Content-Type: application/json', `Content-Length: ${body.length}`, ...extra],
      body,
    );
  const statusesOf = (text: string) =>
    [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map((match) => Number(match[1]));
  const expectSafe = (text: string) => {
    expect(text).not.toContain(apiKey);
    expect(text).not.toMatch(/\bat .{0,200}\.[cm]?[jt]s:\d+|node_modules/);
  };

  it('T1: the request that the others are made from passes', async () => {
    expect(statusesOf(await send(post('{"limit":1}')))).toEqual([200]);
  });

  it.each([
    ['x-api-key', apiKey],
    ['X-Alter-Signature', '0'.repeat(64)],
    ['X-ALTER-SIGNATURE', '0'.repeat(64)],
    ['X-Alter-Signature-V2', '0'.repeat(64)],
    ['X-Alter-Timestamp', '1'],
    ['X-Alter-Nonce', 'f'.repeat(32)],
    ['X-Alter-Content-SHA256', '0'.repeat(64)],
    ['X-Alter-Caller', 'root'],
  ])('T1: %s twice, or once more than signed, is refused', async (name, value) => {
    const answer = await send(post('{"limit":1}', [`${name}: ${value}`]));
    expect(statusesOf(answer)).toHaveLength(1);
    expect(answer).toMatch(/"error":"(invalid_request|invalid_signature)"/);
    const twice = await send(post('{"limit":1}', [`${name}: ${value}`, `${name}: ${value}`]));
    expect(statusesOf(twice)).toEqual([400]);
    expect(twice).toContain('"error":"invalid_request"');
    expectSafe(twice);
  });

  const smuggled = 'GET /sdk/scopes HTTP/1.1\r\nHost: a\r\n\r\n';
  it.each([
    ['two lengths that differ', (body: string) => post(body, ['Content-Length: 1'])],
    ['two equal lengths', (body: string) => post(body, [`Content-Length: ${body.length}`])],
    ['a length and chunks', (body: string) => post(body, ['Transfer-Encoding: chunked'])],
    ['a length with a sign', (body: string) => post(body).replace('Content-Length: ', 'Content-Length: +')],
    [
      'a length that is negative',
      (body: string) => post(body).replace(/Content-Length: \d+/, 'Content-Length: -1'),
    ],
    ['a length with text', (body: string) => post(body).replace(/Content-Length: \d+/, 'Content-Length: 1x')],
    [
      'an unknown transfer coding',
      (body: string) => post(body).replace(/Content-Length: \d+/, 'Transfer-Encoding: xchunked'),
    ],
    [
      'a doubled transfer coding',
      (body: string) => post(body).replace(/Content-Length: \d+/, 'Transfer-Encoding: chunked, identity'),
    ],
    ['a space before the colon', (body: string) => post(body).replace('Content-Length:', 'Content-Length :')],
    ['a folded header', (body: string) => post(body, ['X-Folded: a', ' b: c'])],
    ['a bare LF', (body: string) => post(body, ['X-A: b\nX-Alter-Caller: root'])],
    ['a bare CR', (body: string) => post(body, ['X-A: b\rX-Alter-Caller: root'])],
    ['a NUL in a header', (body: string) => post(body, ['X-A: b\0c'])],
    ['a header without a name', (body: string) => post(body, [': b'])],
    [
      'no host',
      (body: string) => post(body, [], { ...sign(body), Host: undefined }).replace('Host: undefined\r\n', ''),
    ],
    ['two hosts', (body: string) => post(body, ['Host: evil.example'])],
    ['a host with a space', (body: string) => post(body, [], { ...sign(body), Host: 'a b' })],
    ['a host with userinfo', (body: string) => post(body, [], { ...sign(body), Host: 'a@b:x' })],
    ['headers without end', () => `GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(100_000)}\r\n\r\n`],
    ['too many headers', () => `GET /healthz HTTP/1.1\r\nHost: a\r\n${'X-A: b\r\n'.repeat(5000)}\r\n`],
    ['another protocol', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a TLS hello', () => Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3])],
    ['a method that is none', () => 'G\u0001T /healthz HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a target with a space', () => 'GET /healthz /x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('T3: %s is 400 or a refusal, never two answers, and nothing is smuggled', async (_name, build) => {
    const answer = await send(build(`{"limit":1}${smuggled}`));
    const statuses = statusesOf(answer);
    expect(statuses.length).toBeLessThanOrEqual(1);
    for (const status of statuses) expect([400, 401, 413, 431, 505]).toContain(status);
    expect(answer).not.toContain('scope_version');
    expectSafe(answer);
    if (answer.includes('"error"')) expect(answer).toMatch(/"request_id":"[0-9a-f-]{36}"/);
    expect(statusesOf(await send('GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'))).toEqual([
      200,
    ]);
  });

  it.each([
    '/sdk/../sdk/grants/list',
    '/sdk/%2e%2e/sdk/grants/list',
    '//sdk/grants/list',
    '/sdk//grants/list',
    '/sdk/grants/list/',
    '/SDK/grants/list',
    '/sdk/grants/list;a=b',
    '/sdk/grants/list%00',
    '/sdk/grants/list%0d%0aX-Alter-Caller:root',
    '/sdk\\grants\\list',
    'http://evil.example/sdk/grants/list',
    'http://evil.example\\@127.0.0.1/sdk/grants/list',
    '*',
  ])('T1: the target %s signs for itself and for no other route', async (target) => {
    const body = '{"limit":1}';
    const headers = ['Content-Type: application/json', `Content-Length: ${body.length}`];
    for (const signedAs of [path, target]) {
      const answer = await send(write(`POST ${target}`, sign(body, signedAs), headers, body));
      const [status = 0] = statusesOf(answer);
      if (status !== 200) expect([400, 401, 404]).toContain(status);
      // The same path in other words is the same route only under its own signature.
      else expect(signedAs === target || new URL(target, 'http://a').pathname === path).toBe(true);
      expectSafe(answer);
    }
  });

  it('T1: a chunked body is the body that was signed', async () => {
    const body = '{"limit":1}';
    const chunks = `4\r\n${body.slice(0, 4)}\r\n7\r\n${body.slice(4)}\r\n0\r\nX-Alter-Caller: root\r\n\r\n`;
    const headers = ['Content-Type: application/json', 'Transfer-Encoding: chunked'];
    expect(statusesOf(await send(write(`POST ${path}`, sign(body), headers, chunks)))).toEqual([200]);
    const more = chunks.replace('7\r\n', '8\r\n').replace('}\r\n0', '} \r\n0');
    const answer = await send(write(`POST ${path}`, sign(body), headers, more));
    expect(answer).toContain('"error":"invalid_signature"');
  });

  it('T3: 8 MiB in chunks are 413, and a body that breaks off is no defect', async () => {
    const chunk = `100000\r\n${' '.repeat(0x100000)}\r\n`;
    const large = (headers: Record<string, string>) =>
      write(`POST ${path}`, headers, ['Transfer-Encoding: chunked'], `${chunk.repeat(8)}0\r\n\r\n`);
    const answer = await send(large(sign('{}', path)));
    expect(statusesOf(answer)).toEqual([413]);
    expect(answer).toContain('"error":"payload_too_large"');
    // Without a signature nobody listens to it at all.
    expect(statusesOf(await send(large({ Host: 'a', 'x-api-key': apiKey })))).toEqual([401]);
    for (const status of statusesOf(await send(post('{"limit":1}').slice(0, -3)))) expect(status).toBe(400);
  });

  it('T3: a GET with a body is refused in the envelope', async () => {
    const target = '/sdk/scopes';
    for (const [body, status] of [
      ['{}', 400],
      ['x', 400],
    ] as const) {
      const headers = ['Content-Type: application/json', `Content-Length: ${body.length}`];
      const answer = await send(write(`GET ${target}`, sign(body, target, 'GET'), headers, body));
      expect(statusesOf(answer)).toEqual([status]);
      expect(answer).toContain('"error":"invalid_request"');
    }
  });

  it('T1: a nonce is refused again after the server was stopped and started', async () => {
    const bytes = post('{"limit":1}');
    expect(statusesOf(await send(bytes))).toEqual([200]);
    expect(await send(bytes)).toContain('"error":"nonce_reused"');
    await server.stop();
    server = await start();
    const again = await send(bytes);
    expect(statusesOf(again)).toEqual([401]);
    expect(again).toContain('"error":"nonce_reused"');
    expect(statusesOf(await send(post('{"limit":1}')))).toEqual([200]);
  });
});
