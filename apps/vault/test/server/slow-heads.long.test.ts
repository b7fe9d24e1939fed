import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ListeningServer, listen } from '../../src/listen.js';

const headersMs = 300;

describe('T3: connections that do not get to the end of their headers', () => {
  let server: ListeningServer;
  beforeAll(async () => {
    server = await listen('127.0.0.1', 0, { headersMs, lookMs: 50 });
    server.serve((incoming, outgoing) => {
      incoming.on('end', () => outgoing.end('whole')).resume();
    }, 'http://vault.example');
  });
  afterAll(() => server?.drain(0));

  /** Writes `first`, then `drop` every 50 ms until the server ends the connection or has answered `answers` times. */
  const drip = (first: string, drop: string, answers = Number.POSITIVE_INFINITY) =>
    new Promise<{ text: string; tookMs: number }>((resolve) => {
      const startedAtMs = performance.now();
      let text = '';
      let timer: NodeJS.Timeout | undefined;
      const socket = connect(server.port, '127.0.0.1', () => {
        socket.write(first);
        timer = setInterval(() => drop === '' || socket.write(drop), 50);
      });
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.split('whole').length > answers) socket.destroy();
      });
      socket.on('error', () => {});
      socket.once('close', () => {
        clearInterval(timer);
        resolve({ text, tookMs: performance.now() - startedAtMs });
      });
    });

  it.each([
    ['says nothing at all', '', ''],
    ['drips headers', 'GET / HTTP/1.1\r\nHost: a\r\n', 'X-Slow: 1\r\n'],
    ['drips one header', 'GET / HTTP/1.1\r\nX-Slow: ', 'x'],
    ['stops in the request line', 'GET /', ''],
    ['drips the second request', 'GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n', 'X-Slow: 1\r\n'],
  ])('one that %s is ended with 408', async (_name, first, drop) => {
    const { text, tookMs } = await drip(first, drop);
    expect(text.slice(text.lastIndexOf('HTTP/1.1 '))).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(text).toContain('"error":"request_timeout"');
    expect(text).toMatch(/Connection: close/);
    expect(tookMs).toBeGreaterThanOrEqual(headersMs - 50);
  });

  it('a body may take longer than the headers: it has limits of its own', async () => {
    const { text, tookMs } = await drip('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n', 'x', 1);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(tookMs).toBeGreaterThan(headersMs * 2);
  });
});
