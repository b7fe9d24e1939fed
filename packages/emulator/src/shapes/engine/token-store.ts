import { randomBytes } from 'node:crypto';
import type { TokenFilter, World } from '../../control/world.js';
import { hashToken, type TokenType } from '../../journal/token-log.js';
import type { Shape, ShapeGrant } from './shape.js';

/** A token or code that a shaped provider handed out. */
export type StoredToken = {
  type: TokenType;
  grant: ShapeGrant;
  /** Which credential of the grant it belongs to. */
  chain: string;
  expiresAtMs: number;
  issuedAtMs: number;
  /** How many refreshes came before it. */
  rotation: number;
  spentAtMs?: number;
  isRevoked?: boolean;
};

type IssueInput = {
  shape: Shape;
  grant: ShapeGrant;
  type: 'authorization_code' | 'access_token' | 'refresh_token';
  chain?: string;
  ttlSeconds?: number | undefined;
  rotation?: number;
};

/** All tokens of all shaped providers of a process. */
export type TokenStore = {
  issue(input: IssueInput): string;
  /** The token, unless unknown, expired, revoked, or another provider's. */
  find(realm: string, type: TokenType, token: string): StoredToken | undefined;
  listFamily(family: string): StoredToken[];
  revoke(matches: (token: StoredToken) => boolean): number;
  expireAccessTokens(filter: TokenFilter): number;
  /** True when this user never before consented to this client, or that consent was revoked. */
  isFirstConsent(realm: string, clientId: string, userId: string): boolean;
};

/** Makes an empty store that writes every token it hands out into the log. */
export function createTokenStore(world: World): TokenStore {
  const tokens = new Map<string, StoredToken>();

  function isLive(token: StoredToken): boolean {
    return !token.isRevoked && token.expiresAtMs > world.now();
  }

  return {
    issue({ shape, grant, type, chain = 'main', ttlSeconds, rotation = 0 }) {
      const prefixes = shape.tokenPrefixes;
      const prefix = {
        access_token: prefixes?.access,
        refresh_token: prefixes?.refresh,
        authorization_code: '',
      }[type];
      const token = `${prefix ?? ''}${randomBytes(24).toString('base64url')}`;
      const issuedAtMs = world.now();
      const expiresAtMs =
        ttlSeconds === undefined ? Number.POSITIVE_INFINITY : issuedAtMs + ttlSeconds * 1000;
      tokens.set(hashToken(token), { type, grant, chain, issuedAtMs, expiresAtMs, rotation });
      world.log.recordIssued(
        {
          realm: grant.realm,
          tokenType: type,
          token,
          family: nameFamily(grant, chain),
          clientId: grant.clientId,
          subject: grant.user.id,
        },
        type === 'authorization_code' ? 'authorize' : 'token',
      );
      return token;
    },
    find(realm, type, token) {
      const stored = tokens.get(hashToken(token));
      const isRight = stored && stored.type === type && stored.grant.realm === realm;
      return isRight && isLive(stored) ? stored : undefined;
    },
    listFamily: (family) => [...tokens.values()].filter((token) => token.grant.family === family),
    revoke(matches) {
      const ended = [...tokens.values()].filter((token) => !token.isRevoked && matches(token));
      for (const token of ended) token.isRevoked = true;
      return ended.length;
    },
    expireAccessTokens(filter) {
      const concerned = [...tokens.values()].filter(
        (token) => token.type === 'access_token' && isLive(token) && matchesFilter(token, filter),
      );
      for (const token of concerned) token.expiresAtMs = 0;
      return concerned.length;
    },
    isFirstConsent: (realm, clientId, userId) =>
      ![...tokens.values()].some(
        ({ grant, type, isRevoked }) =>
          type !== 'authorization_code' &&
          !isRevoked &&
          grant.realm === realm &&
          grant.clientId === clientId &&
          grant.user.id === userId,
      ),
  };
}

/** The name of a chain of tokens in the log: the grant's, with the chain's name unless it is the main one. */
export function nameFamily(grant: ShapeGrant, chain: string): string {
  return chain === 'main' ? grant.family : `${grant.family}:${chain}`;
}

/** True when a token is among those that an order concerns. */
export function matchesFilter({ grant, chain }: StoredToken, filter: TokenFilter): boolean {
  return (
    (filter.realm === undefined || filter.realm === grant.realm) &&
    (filter.clientId === undefined || filter.clientId === grant.clientId) &&
    (filter.subject === undefined || filter.subject === grant.user.id) &&
    (filter.family === undefined ||
      filter.family === grant.family ||
      filter.family === nameFamily(grant, chain))
  );
}
