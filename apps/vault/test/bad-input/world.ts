import { keyScopes } from '@alter-ai/core-contract';
import { buildSignedHeaders, createNonce, deriveSigningKeyObject, sha256Hex } from '@alter-ai/core-crypto';
import { type SignedFetchOptions, startTestVault, type TestVault } from '../harness.js';
import type { CallableEndpoint, Json } from './samples.js';

/** A body: a value to be written as JSON, its text, its bytes, or none. */
export type SentBody = Json | string | Uint8Array | null;

/** A vault with two apps, and keys of every refused kind; the clock can be moved. */
export interface BadInputWorld {
  readonly vault: TestVault;
  /** Milliseconds added to the clock. */
  offsetMs: number;
  /** Where the clock stands still, in milliseconds since 1970; null while it goes on. */
  stoppedAtMs: number | null;
  /** Calls an endpoint as its rightful caller would: signed, or as the page does. */
  call(
    target: Pick<CallableEndpoint, 'endpoint' | 'path'>,
    body: SentBody,
    options?: SignedFetchOptions,
  ): Promise<Response>;
  close(): Promise<void>;
}

/** Seconds that the key named `short` lives. */
export const shortKeySeconds = 600;

/** Name of the key that has every scope but one. */
export const nameKeyWithout = (scope: string) => `without-${scope.replace(':', '-')}`;

/** The API keys of the first app. */
export const listKeys = () => [
  { name: 'backend' },
  { name: 'short', expires_at: new Date(Date.now() + shortKeySeconds * 1000).toISOString() },
  { name: 'revoked' },
  { name: 'inside', allowed_addresses: ['10.0.0.0/8', '2001:db8::/32'] },
  ...keyScopes.map((scope) => ({
    name: nameKeyWithout(scope),
    scopes: keyScopes.filter((other) => other !== scope),
  })),
];

// Nothing listens there: what is refused calls nobody.
const nowhere = 'http://127.0.0.1:9';

/** Starts it, with a provider and an identity provider that are not there. */
export async function startBadInputWorld(kind: 'sqlite' | 'postgres'): Promise<BadInputWorld> {
  let offsetMs = 0;
  let stoppedAtMs: number | null = null;
  const vault = await startTestVault({
    kind,
    clock: () => stoppedAtMs ?? Date.now() + offsetMs,
    config: {
      version: 1,
      apps: [
        {
          slug: 'demo',
          name: 'Demo',
          allowed_origins: ['http://127.0.0.1:4600'],
          return_urls: ['http://127.0.0.1:4600/connected'],
          api_keys: listKeys(),
          providers: [
            {
              id: 'acme',
              name: 'Acme',
              authorization_endpoint: `${nowhere}/authorize`,
              token_endpoint: `${nowhere}/token`,
              api_hosts: ['127.0.0.1:9'],
              client_id: 'acme-client',
              client_secret: 'acme-secret',
              scopes: ['openid', 'email'],
            },
          ],
          identity_provider: {
            issuer: nowhere,
            audience: 'demo-api',
            claims: { user_id: 'sub', email: 'email', groups: 'groups' },
          },
        },
        { slug: 'other', name: 'Other', api_keys: [{ name: 'backend' }] },
      ],
    },
  });
  await vault.deps.storage.db
    .updateTable('api_keys')
    .set({ revoked_at: Date.now() })
    .where('name', '=', 'revoked')
    .execute();
  return {
    vault,
    call: createCaller(vault),
    close: () => vault.close(),
    get offsetMs() {
      return offsetMs;
    },
    set offsetMs(value) {
      offsetMs = value;
    },
    get stoppedAtMs() {
      return stoppedAtMs;
    },
    set stoppedAtMs(value) {
      stoppedAtMs = value;
    },
  };
}

/** Calls of one vault's endpoints. */
export function createCaller(vault: TestVault): BadInputWorld['call'] {
  let addressCount = 0;
  const { publicUrl } = vault.deps.config;

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
  return async ({ endpoint, path }, body, options = {}) => {
    if (endpoint.access !== 'key') return callAsPage(endpoint.method, path, body, options);
    if (body instanceof Uint8Array) return callSignedBytes(endpoint.method, path, body, options);
    return vault.signedFetch(endpoint.method, path, body ?? undefined, options);
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
