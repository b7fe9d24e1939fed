import type { ClientRegistration, World } from '../../control/world.js';
import type { ClientRequest, Exchange } from '../../http/exchange.js';
import type { Endpoint } from '../../journal/token-log.js';
import type { EmulatedUser } from '../../users.js';
import type { ShapedProviderId } from '../options.js';
import type { StoredToken, TokenStore } from './token-store.js';

/** What a user allowed: the start of a family of tokens. */
export type ShapeGrant = {
  family: string;
  realm: ShapedProviderId;
  clientId: string;
  user: EmulatedUser;
  scopes: string[];
  /** Parameters of the authorization request. */
  params: Record<string, string>;
  /** The first consent of this user for this client, or one asked for anew. */
  isFreshConsent: boolean;
};

/** What an answer of the token endpoint is made from. */
export type AnswerFacts = {
  grant: ShapeGrant;
  accessToken: string;
  /** Only when a new one is handed out. */
  refreshToken: string | undefined;
  /** The refresh token that came with a refresh request. */
  presentedRefreshToken: string | undefined;
  expiresInSeconds: number | undefined;
  /** Which of several credentials of one grant it is: `main`, or the shape's own name. */
  chain: string;
  baseUrl: string;
  nowMs: number;
  /** Signed with the published key; undefined unless the shape is OpenID and the scope was granted. */
  idToken: string | undefined;
  /** Issues a further token of the same grant in a chain of its own. */
  issueMore(type: 'access_token' | 'refresh_token', chain: string, ttlSeconds?: number): string;
};

/** What a provider's own endpoints get. */
export type ShapeCall = {
  exchange: Exchange;
  /** Values of the `{names}` in the endpoint's path. */
  path: Record<string, string>;
  shape: Shape;
  baseUrl: string;
  store: TokenStore;
  world: World;
  /** The valid access token of the request, or the provider's 401; written into the log. */
  requireBearer(): StoredToken | Response;
  /** The client that authenticated in the way the provider wants, or undefined. */
  findClient(request: ClientRequest): ClientRegistration | undefined;
  /** Ends what the token belongs to (false: unknown token); written into the log. */
  revoke(token: string, scope: 'family' | 'account' | 'token'): boolean;
};

/** One endpoint of a provider besides authorization and token. */
export type ShapeEndpoint = {
  method: 'GET' | 'POST' | 'DELETE' | 'ANY';
  /** Path below `/p/{id}`, `{name}` for one segment. */
  path: string;
  endpoint: Endpoint;
  serve(call: ShapeCall): Response;
};

/** What using a spent refresh token does. */
export type ReusePolicy = 'accept' | 'refuse' | 'revoke_family' | { windowSeconds: number };

/** The facts of one provider, as far as a client can see them. */
export type Shape = {
  id: ShapedProviderId;
  name: string;
  authorizePath: string;
  tokenPath: string;
  /** Template that the catalogue's userinfo and revocation endpoints become; must be among `endpoints`. */
  userinfoPath: string;
  revocationPath?: string;
  authMethod: 'client_secret_basic' | 'client_secret_post';
  bodyFormats: readonly ClientRequest['format'][];
  scopeSeparator: ' ' | ',';
  isScopeRequired: boolean;
  isOpenId?: boolean;
  isPkceIgnored?: boolean;
  tokenPrefixes?: { access: string; refresh: string };
  reuse: ReusePolicy;
  /** Undefined: does not expire. */
  readTtlSeconds(grant: ShapeGrant): number | undefined;
  hasRefreshToken(grant: ShapeGrant): boolean;
  /** Whether a refresh hands out a new refresh token. */
  isRotating(grant: ShapeGrant): boolean;
  /** What is wrong with an authorization request beyond RFC 6749, if anything. */
  checkAuthorize?(params: URLSearchParams, path: Record<string, string>): string | undefined;
  /** What is wrong with a token request beyond RFC 6749, if anything. */
  checkToken?(request: ClientRequest, exchange: Exchange): string | undefined;
  answerTokens(facts: AnswerFacts, exchange: Exchange): Response;
  /** The provider's form of an OAuth error. */
  answerError(error: OAuthError, exchange: Exchange): Response;
  /** What an API call lacks besides the token, if anything. */
  checkApiCall?(exchange: Exchange): Response | undefined;
  refuseBearer?(reason: 'missing' | 'invalid'): Response;
  endpoints: readonly ShapeEndpoint[];
};

/** Errors of RFC 6749 section 5.2, with what was wrong in the terms of the request. */
export type OAuthError = {
  code: 'invalid_request' | 'invalid_client' | 'invalid_grant' | 'unsupported_grant_type' | 'invalid_scope';
  /** What exactly: providers have words of their own for these. */
  cause:
    | 'client_id'
    | 'client_secret'
    | 'auth_method'
    | 'code'
    | 'refresh_token'
    | 'redirect_uri'
    | 'request';
  description: string;
};

/** Values of a path that fits a template, undefined when it does not. */
export function matchPath(template: string, path: string): Record<string, string> | undefined {
  const wanted = template.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const values: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    const text = given[at] ?? '';
    if (name !== undefined && text !== '') values[name] = decodeSegment(text);
    else if (part !== text) return undefined;
  }
  return values;
}

function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
