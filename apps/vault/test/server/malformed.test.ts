import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { type RunningServer, runServer } from '../../src/run-server.js';

describe('bytes that are no HTTP request', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'alter-vault-'));
  let server: RunningServer;
  beforeAll(async () => {
    const config = loadConfig({
      ALTER_VAULT_ENV: 'development',
      ALTER_VAULT_DATA_DIR: dataDir,
      ALTER_VAULT_ROOT_KEY: randomBytes(32).toString('base64'),
      PORT: '0',
    });
    server = await runServer(config, pino({ level: 'silent' }));
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const send = (bytes: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.write(bytes));
      let text = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      socket.once('close', () => resolve(text));
      socket.once('error', reject);
    });

  it.each([
    ['noise', '\x16\x03\x01 hello\r\n\r\n', 400],
    ['a TLS hello', '\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n', 400],
    ['a request line without a version', 'GET secret-path\r\n\r\n', 400],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: a\r\nsecret-header\r\n\r\n', 400],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    [
      'headers without an end',
      `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'secret-header'.repeat(2000)}\r\n\r\n`,
      431,
    ],
  ])('T3: %s is answered in the usual envelope, and the connection ends', async (_, bytes, status) => {
    const answer = await send(bytes);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head.split('\r\n')[0]).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toMatch(/connection: close/i);
    const envelope = JSON.parse(body) as Record<string, unknown>;
    expect(envelope).toEqual({
      error: 'invalid_request',
      message: expect.any(String),
      retryable: false,
      user_action: 'fix_request',
      documentation_url: `${server.publicUrl}/docs/errors/invalid_request`,
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(head).toContain(`X-Request-ID: ${String(envelope.request_id)}`);
    expect(answer).not.toMatch(/secret-|HPE_|at (.*)\.js/);
  });

  it('T3: what follows a sound request is refused after that one was answered', async () => {
    const answer = await send('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nnoise noise\r\n\r\n');
    expect(answer.startsWith('HTTP/1.1 200 OK') || answer.startsWith('HTTP/1.1 400 ')).toBe(true);
    expect([...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])).not.toContain('500');
  });

  it('a connection that says nothing, and one that is cut, leave the server well', async () => {
    for (const bytes of ['', 'GE']) {
      await new Promise<void>((resolve) => {
        const socket = connect(server.port, '127.0.0.1', () => {
          socket.write(bytes);
          socket.resetAndDestroy();
        });
        socket.once('close', () => resolve());
      });
    }
    expect((await fetch(`http://127.0.0.1:${server.port}/healthz`)).status).toBe(200);
  });
});
