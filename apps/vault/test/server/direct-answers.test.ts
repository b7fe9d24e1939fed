import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeBothDatabases, startTestVault, type TestVault } from '../harness.js';
import { type ServedVault, serveVault } from './socket.js';

const path = '/sdk/token';
const body = {
  grant_id: '0199a2f4-7c11-7000-8000-000000000001',
  reason: 'test',
  request: { method: 'GET', url: 'https://api.example.com/' },
};
/** What only a socket adds, and what is new for each answer. */
const ownNames = new Set([
  'date',
  'connection',
  'keep-alive',
  'content-length',
  'x-request-id',
  'x-alter-audit-record-id',
]);

describeBothDatabases('answers past Hono', (kind) => {
  let vault: TestVault;
  let served: ServedVault;
  beforeAll(async () => {
    vault = await startTestVault({ kind });
    served = await serveVault(vault);
  });
  afterAll(async () => {
    await served?.close();
    await vault?.close();
  });

  /** The same signed call on the socket, where it is answered directly, and through Hono. */
  async function callBoth(text: string, changes: Record<string, string | undefined> = {}) {
    const sign = async () => {
      let sent: { headers: Record<string, string>; bytes: Uint8Array } | undefined;
      const request = vault.app.request;
      vault.app.request = (async (_input: unknown, init: RequestInit) => {
        sent = {
          headers: Object.fromEntries(new Headers(init.headers)),
          bytes: init.body === undefined ? new Uint8Array() : (init.body as Uint8Array),
        };
        return new Response();
      }) as unknown as typeof vault.app.request;
      await vault.signedFetch('POST', path, text, { headers: changes });
      vault.app.request = request;
      if (!sent) throw new Error('nothing was signed');
      return sent;
    };
    const one = await sign();
    const direct = await served.send('POST', path, one.headers, one.bytes);
    const other = await sign();
    const hono = await vault.app.request(path, { method: 'POST', headers: other.headers, body: other.bytes });
    return {
      direct: { status: direct.status, headers: keep(Object.entries(direct.headers)), body: direct.body },
      hono: { status: hono.status, headers: keep(hono.headers), body: await hono.json() },
    };
  }

  const keep = (headers: Iterable<[string, unknown]>) =>
    Object.fromEntries([...headers].filter(([name]) => !ownNames.has(name)));
  const anyId = { request_id: expect.any(String) };

  it.each([
    ['a grant that is not there', JSON.stringify(body), {}, 404, 'grant_not_found'],
    ['an unknown field', JSON.stringify({ ...body, surprise: 1 }), {}, 422, 'unknown_field'],
    ['no JSON', '{"a":', {}, 400, 'invalid_request'],
    ['no body', '', {}, 400, 'invalid_request'],
    ['another type', JSON.stringify(body), { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    [
      'a wrong signature',
      JSON.stringify(body),
      { 'x-alter-nonce': '0'.repeat(32) },
      401,
      'invalid_signature',
    ],
    ['no signature', JSON.stringify(body), { 'x-alter-signature': undefined }, 401, 'missing_signature'],
    ['a body that is too long', JSON.stringify('x'.repeat(2 ** 21)), {}, 413, 'payload_too_large'],
    ['letters beyond ASCII', JSON.stringify({ ...body, ä: 1 }), {}, 422, 'unknown_field'],
  ])('T3: %s is answered alike', async (_name, text, changes, status, code) => {
    const { direct, hono } = await callBoth(text, changes);
    expect(direct).toEqual({ ...hono, body: { ...(hono.body as object), ...anyId } });
    expect(direct).toMatchObject({ status, body: { error: code } });
  });

  it('T3: a host that is no plain name, and another method, are answered as everywhere', async () => {
    const answer = await served.send('PUT', path, {});
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    const odd = await served.sendRaw(
      `POST ${path} HTTP/1.1\r\nHost: a b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );
    expect(odd).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('T3: two calls on one connection are answered in turn', async () => {
    const call = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n`;
    const text = await served.sendRaw(`${call}\r\n{}${call}Connection: close\r\n\r\n{}`);
    expect(text.match(/HTTP\/1\.1 401 /g)).toHaveLength(2);
    expect(text.match(/"error":"missing_signature"/g)).toHaveLength(2);
  });
});
