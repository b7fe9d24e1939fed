import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import type { VaultDeps } from '../deps.js';

/** How long a key set is used without asking again. */
const maxAgeMs = 600_000;
/** An unknown key id asks again, but no sooner than this: the issuer's new key is taken soon, and nobody can make us hammer it. */
const refetchAfterMs = 5_000;
const fetchTimeoutMs = 5_000;

interface CachedKeySet {
  readonly keySet: JSONWebKeySet;
  readonly keys: JWTVerifyGetKey;
  readonly fetchedAtMs: number;
}

const discoverySchema = z.looseObject({ issuer: z.string(), jwks_uri: z.url() });
const keySetSchema = z.looseObject({
  keys: z.array(z.looseObject({ kty: z.string(), kid: z.string().optional() })),
});

/** Key sets of identity providers, by issuer; one per server. */
export interface JwksCache {
  /** The issuer's keys, fetched again when the wanted key id is not among them. */
  find(
    issuer: string,
    keyId: string | undefined,
    allowedNetworks: readonly string[],
  ): Promise<JWTVerifyGetKey>;
}

/** Makes an empty cache. Fetches go through egress; nothing secret is sent. */
export function createJwksCache(deps: Pick<VaultDeps, 'egress' | 'clock'>): JwksCache {
  const cache = new Map<string, CachedKeySet>();
  const running = new Map<string, Promise<CachedKeySet>>();

  const readJson = async (url: string, allowedNetworks: readonly string[]): Promise<unknown> => {
    const answer = await deps.egress.fetch(url, {
      method: 'GET',
      headers: { accept: 'application/json' },
      allowedNetworks,
      timeoutMs: fetchTimeoutMs,
      maxResponseBytes: 1_048_576,
    });
    if (answer.status !== 200) throw new Error(`identity provider answered ${answer.status}`);
    return answer.json();
  };

  const fetchKeys = async (issuer: string, allowedNetworks: readonly string[]): Promise<CachedKeySet> => {
    const discoveryUrl = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const discovery = discoverySchema.parse(await readJson(discoveryUrl, allowedNetworks));
    if (discovery.issuer !== issuer) throw new Error('the discovery document names another issuer');
    const keySet = keySetSchema.parse(await readJson(discovery.jwks_uri, allowedNetworks)) as JSONWebKeySet;
    const entry = { keySet, keys: createLocalJWKSet(keySet), fetchedAtMs: deps.clock() };
    cache.set(issuer, entry);
    return entry;
  };

  const refresh = (issuer: string, allowedNetworks: readonly string[]): Promise<CachedKeySet> => {
    const current = running.get(issuer);
    if (current) return current;
    const started = fetchKeys(issuer, allowedNetworks).finally(() => running.delete(issuer));
    running.set(issuer, started);
    return started;
  };

  return {
    async find(issuer, keyId, allowedNetworks) {
      let entry = cache.get(issuer);
      const age = entry ? deps.clock() - entry.fetchedAtMs : Number.POSITIVE_INFINITY;
      const isKnown = keyId === undefined || entry?.keySet.keys.some((key) => key.kid === keyId) === true;
      if (!entry || age > maxAgeMs || (!isKnown && age > refetchAfterMs)) {
        try {
          entry = await refresh(issuer, allowedNetworks);
        } catch (error) {
          // Keys that are known go on working while the issuer cannot be reached.
          if (!entry || !isKnown) throw error;
        }
      }
      return entry.keys;
    },
  };
}
