import { keyScopes } from '@alter-ai/core-contract';
import { buildSignedHeaders, createNonce, deriveSigningKeyObject, sha256Hex } from '@alter-ai/core-crypto';
import { type ConnectStack, startConnectStack } from '../connect/stack.js';
import type { SignedFetchOptions } from '../harness.js';
import type { CallableEndpoint, Json } from './samples.js';

/** A body: a value to be written as JSON, its text, its bytes, or none. */
export type SentBody = Json | string | Uint8Array | null;

/** A vault with two apps, and keys of every refused kind; the clock can be moved. */
export interface BadInputWorld extends ConnectStack {
  /** Milliseconds added to the clock. */
  offsetMs: number;
  /** Calls an endpoint as its rightful caller would: signed, or as the page does. */
  call(
    target: Pick<CallableEndpoint, 'endpoint' | 'path'>,
    body: SentBody,
    options?: SignedFetchOptions,
  ): Promise<Response>;
}

/** Seconds that the key named `short` lives. */
export const shortKeySeconds = 600;

/** Name of the key that has every scope but one. */
export const nameKeyWithout = (scope: string) => `without-${scope.replace(':', '-')}`;

/** Starts it. */
export async function startBadInputWorld(kind: 'sqlite' | 'postgres'): Promise<BadInputWorld> {
  let offsetMs = 0;
  let addressCount = 0;
  const stack = await startConnectStack(kind, {
    clock: () => Date.now() + offsetMs,
    app: {
      api_keys: [
        { name: 'backend' },
        { name: 'short', expires_at: new Date(Date.now() + shortKeySeconds * 1000).toISOString() },
        { name: 'revoked' },
        { name: 'inside', allowed_addresses: ['10.0.0.0/8', '2001:db8::/32'] },
        ...keyScopes.map((scope) => ({
          name: nameKeyWithout(scope),
          scopes: keyScopes.filter((other) => other !== scope),
        })),
      ],
    },
  });
  const { vault } = stack;
  const { publicUrl } = vault.deps.config;
  await vault.deps.storage.db
    .updateTable('api_keys')
    .set({ revoked_at: Date.now() })
    .where('name', '=', 'revoked')
    .execute();

  const callAsPage = (method: string, path: string, body: SentBody, options: SignedFetchOptions) => {
    const headers = setHeaders(
      { 'content-type': 'application/json', origin: new URL(publicUrl).origin },
      options.headers,
    );
    // Limits per address are another test's matter.
    addressCount += 1;
    const remoteAddress = `10.9.${(addressCount >> 8) & 255}.${addressCount & 255}`;
    const init = { method, headers, ...(body === null ? {} : { body: toBytes(body) }) };
    return vault.app.request(`${publicUrl}${path}`, init, { remoteAddress });
  };
  const callSignedBytes = (method: string, path: string, bytes: Uint8Array, options: SignedFetchOptions) => {
    const apiKey = vault.apiKeys[options.app ?? 'demo'] ?? '';
    const signed = buildSignedHeaders(deriveSigningKeyObject(apiKey), {
      method,
      target: path,
      timestamp: vault.deps.clock() / 1000,
      nonce: createNonce(),
      bodySha256: digestOnce(bytes),
    });
    const headers = { 'x-api-key': apiKey, 'content-type': 'application/json', ...signed };
    const init = {
      method,
      headers: setHeaders(headers, options.headers),
      body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
    };
    return vault.app.request(path, init);
  };
  return {
    ...stack,
    get offsetMs() {
      return offsetMs;
    },
    set offsetMs(value) {
      offsetMs = value;
    },
    async call({ endpoint, path }, body, options = {}) {
      if (endpoint.access !== 'key') return callAsPage(endpoint.method, path, body, options);
      if (body instanceof Uint8Array) return callSignedBytes(endpoint.method, path, body, options);
      return vault.signedFetch(endpoint.method, path, body ?? undefined, options);
    },
  };
}

function setHeaders(base: Record<string, string>, changes: SignedFetchOptions['headers'] = {}): Headers {
  const headers = new Headers(base);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) headers.delete(name);
    else headers.set(name, value);
  }
  return headers;
}

const digests = new WeakMap<Uint8Array, string>();

/** The same megabytes go to every endpoint. */
function digestOnce(bytes: Uint8Array): string {
  const digest = digests.get(bytes) ?? sha256Hex(bytes);
  digests.set(bytes, digest);
  return digest;
}

function toBytes(body: Exclude<SentBody, null>): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}
