import { createSecretKey, type KeyObject } from 'node:crypto';
import { App } from '@alter-ai/alter-sdk';
import {
  buildSignedHeaders,
  createNonce,
  deriveSigningKey,
  deriveSigningKeyObject,
  sha256Hex,
} from '@alter-ai/core-crypto';
import { expect, test } from '@playwright/test';
import { connectOverHttp } from '../harness/connect-over-http.js';
import { type RecordedExchange, startRecordingProxy } from '../harness/recording-proxy.js';
import { startStack } from '../harness/stack.js';

/** Everything in a recording that might be a secret: each value, and its parts. */
function listPieces(exchange: RecordedExchange): string[] {
  const values = [...Object.values(exchange.requestHeaders), exchange.requestBody];
  const parts = values.flatMap((value) => value.split(/[^A-Za-z0-9_\-+/=.]+/));
  return [...new Set([...values, ...parts])].filter((piece) => piece.length >= 8);
}

/** Every key that a piece could be, as it is or encoded. */
function guessKeys(piece: string): KeyObject[] {
  const raw = (['utf8', 'hex', 'base64', 'base64url'] as const)
    .map((encoding) => Buffer.from(piece, encoding))
    .filter((bytes) => bytes.length > 0);
  return [deriveSigningKeyObject(piece), ...raw.map((bytes) => createSecretKey(bytes))];
}

test('T1: what the SDK sends, recorded whole, makes no second request: replayed, changed, or as a key', async () => {
  test.setTimeout(90_000);
  const stack = await startStack({ isWithoutIdp: true });
  const tap = await startRecordingProxy(stack.vault.url);
  const app = new App({ apiKey: stack.apiKey, baseUrl: tap.url });
  try {
    const target = { url: stack.vault.url, apiKey: stack.apiKey };
    const grantId = await connectOverHttp(target, { providerId: 'acme' });
    expect((await app.request('GET', `${stack.apiUrl}/messages`, { grantId })).status).toBe(200);
    const recorded = tap.exchanges.find((exchange) => exchange.path === '/sdk/token');
    if (!recorded) throw new Error('nothing was recorded');
    const { requestHeaders: headers, requestBody: body, path } = recorded;

    const signingKey = deriveSigningKey(stack.apiKey);
    const everything = JSON.stringify(tap.exchanges.map(({ responseBody: _, ...request }) => request));
    for (const secret of [
      stack.apiKey,
      stack.apiKey.slice(16),
      ...(['hex', 'base64', 'base64url'] as const).map((encoding) => signingKey.toString(encoding)),
    ]) {
      expect(everything).not.toContain(secret);
    }
    expect(headers['x-api-key']).toBeUndefined();

    const send = async (changes: Record<string, string>, sentBody = body, sentPath = path) => {
      const { host: _, 'content-length': __, ...kept } = headers;
      const answer = await fetch(stack.vault.url + sentPath, {
        method: 'POST',
        headers: { ...kept, ...changes },
        body: sentBody,
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    expect((await send({})).body).toMatchObject({ error: 'nonce_reused' });
    const now = String(Math.floor(Date.now() / 1000));
    const changed = await Promise.all([
      send({ 'x-alter-nonce': createNonce() }),
      send({ 'x-alter-timestamp': String(Number(now) + 1) }),
      send({ 'x-alter-nonce': createNonce(), 'x-alter-timestamp': now }),
      send({ 'x-alter-nonce': createNonce(), 'x-alter-content-sha256': sha256Hex('{}') }, '{}'),
      send({ 'x-alter-nonce': createNonce() }, body, '/sdk/grants/list'),
    ]);
    for (const answer of changed) {
      expect(answer.status).toBe(401);
      expect(answer.body.access_token).toBeUndefined();
    }

    // Whoever has the recording signs a fresh request with anything that is in it.
    const pieces = listPieces(recorded);
    expect(pieces.length).toBeGreaterThan(5);
    const fresh = (key: KeyObject) => {
      const signed = buildSignedHeaders(key, {
        method: 'POST',
        target: path,
        timestamp: Date.now() / 1000,
        nonce: createNonce(),
        bodySha256: sha256Hex(body),
      });
      return fetch(stack.vault.url + path, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-alter-key-id': headers['x-alter-key-id'] ?? '',
          ...signed,
        },
        body,
      });
    };
    const statuses: number[] = [];
    for (const key of pieces.flatMap(guessKeys)) statuses.push((await fresh(key)).status);
    // 429: so many wrong signatures are slowed down.
    expect(statuses.filter((status) => status !== 401 && status !== 429)).toEqual([]);
    expect(statuses).toContain(401);
    // The same way of asking, with the right key, is answered: the refusals above are of the signature.
    const right = await fresh(deriveSigningKeyObject(stack.apiKey));
    expect([200, 429]).toContain(right.status);
  } finally {
    await app.close();
    await tap.close();
    await stack.close();
  }
});
