import { createHash } from 'node:crypto';
import type { ClientRegistration } from '../../control/world.js';
import { type ClientRequest, type Exchange, readClientRequest } from '../../http/exchange.js';
import { isSameText } from '../../http/same-text.js';
import { makeClaims } from '../../users.js';
import { judgeReuse } from './reuse.js';
import type { OAuthError, Shape, ShapeGrant } from './shape.js';
import { authenticateClient, makeBaseUrl, type ShapesContext } from './shapes-context.js';
import type { StoredToken } from './token-store.js';

type Spent = { stored: StoredToken; presentedRefreshToken?: string };

/** Serves a provider's token endpoint: the code exchange and the refresh, strict in what the provider is strict in. */
export async function handleShapeToken(
  context: ShapesContext,
  shape: Shape,
  exchange: Exchange,
): Promise<Response> {
  const request = readClientRequest(exchange);
  const spent = spendToken(context, shape, request, exchange);
  recordOutcome(context, shape, request, spent);
  if ('code' in spent) return shape.answerError(spent, exchange);
  return answerTokens(context, shape, exchange, spent);
}

function spendToken(
  context: ShapesContext,
  shape: Shape,
  request: ClientRequest,
  exchange: Exchange,
): Spent | OAuthError {
  if (exchange.method !== 'POST') return badRequest('the token endpoint takes POST');
  if (!shape.bodyFormats.includes(request.format)) {
    return badRequest(`the body must be ${shape.bodyFormats.join(' or ')}`);
  }
  const authenticated = authenticateClient(context, shape, request);
  if ('error' in authenticated) return authenticated.error;
  const problem = shape.checkToken?.(request, exchange);
  if (problem !== undefined) return badRequest(problem);
  switch (request.params.grant_type ?? (request.params.code ? 'authorization_code' : '')) {
    case 'authorization_code':
      return spendCode(context, shape, authenticated.client, request.params);
    case 'refresh_token':
      return spendRefreshToken(context, shape, authenticated.client, request.params.refresh_token);
    default: {
      const description = 'grant_type must be authorization_code or refresh_token';
      return { code: 'unsupported_grant_type', cause: 'request', description };
    }
  }
}

function spendCode(
  context: ShapesContext,
  shape: Shape,
  client: ClientRegistration,
  params: Record<string, string>,
): Spent | OAuthError {
  const { store, world } = context;
  if (!params.code) return badRequest('code is missing');
  const stored = store.find(shape.id, 'authorization_code', params.code);
  if (!stored || stored.grant.clientId !== client.clientId) {
    return { code: 'invalid_grant', cause: 'code', description: 'the code is unknown or has expired' };
  }
  if (stored.spentAtMs !== undefined) {
    // RFC 6749 section 4.1.2: a code used twice takes back what it gave.
    store.revoke((token) => token.grant.family === stored.grant.family);
    return { code: 'invalid_grant', cause: 'code', description: 'the code has been used' };
  }
  if ((params.redirect_uri ?? stored.grant.params.redirect_uri) !== stored.grant.params.redirect_uri) {
    return { code: 'invalid_grant', cause: 'redirect_uri', description: 'redirect_uri is another one' };
  }
  const challenge = shape.isPkceIgnored ? undefined : stored.grant.params.code_challenge;
  if (challenge !== undefined && !isSameText(hashVerifier(params.code_verifier ?? ''), challenge)) {
    return { code: 'invalid_grant', cause: 'code', description: 'code_verifier does not fit' };
  }
  stored.spentAtMs = world.now();
  return { stored };
}

function spendRefreshToken(
  context: ShapesContext,
  shape: Shape,
  client: ClientRegistration,
  refreshToken: string | undefined,
): Spent | OAuthError {
  const { store, world } = context;
  const refused: OAuthError = {
    code: 'invalid_grant',
    cause: 'refresh_token',
    description: 'the refresh token is unknown, revoked or used',
  };
  if (!refreshToken) return badRequest('refresh_token is missing');
  const stored = store.find(shape.id, 'refresh_token', refreshToken);
  if (!stored || stored.grant.clientId !== client.clientId) return refused;
  const verdict = judgeReuse(context, shape, stored);
  if (verdict === 'revoke_family') {
    store.revoke((token) => token.grant.family === stored.grant.family);
    world.log.record({
      realm: shape.id,
      endpoint: 'token',
      event: 'family_revoked',
      tokenType: 'refresh_token',
      token: refreshToken,
      detail: 'refresh token used again',
    });
  }
  if (verdict !== 'accept') return refused;
  if (shape.isRotating(stored.grant)) stored.spentAtMs ??= world.now();
  return { stored, presentedRefreshToken: refreshToken };
}

async function answerTokens(
  context: ShapesContext,
  shape: Shape,
  exchange: Exchange,
  { stored, presentedRefreshToken }: Spent,
): Promise<Response> {
  const { store, world } = context;
  const { grant, chain } = stored;
  const isRefresh = presentedRefreshToken !== undefined;
  const own = shape.readTtlSeconds(grant);
  const ttlSeconds = own === undefined ? undefined : (world.settings.accessTokenTtlSeconds ?? own);
  const rotation = stored.rotation + (isRefresh ? 1 : 0);
  const isNew = isRefresh ? shape.isRotating(grant) : shape.hasRefreshToken(grant);
  const accessToken = store.issue({ shape, grant, type: 'access_token', chain, ttlSeconds });
  const refreshToken = isNew
    ? store.issue({ shape, grant, type: 'refresh_token', chain, rotation })
    : undefined;
  return shape.answerTokens(
    {
      grant,
      accessToken,
      refreshToken,
      presentedRefreshToken,
      expiresInSeconds: ttlSeconds,
      chain,
      baseUrl: makeBaseUrl(context, shape),
      nowMs: world.now(),
      idToken: await signIdToken(context, shape, grant, isRefresh),
      issueMore: (type, other) =>
        store.issue({
          shape,
          grant,
          type,
          chain: other,
          ttlSeconds: type === 'access_token' ? ttlSeconds : undefined,
        }),
    },
    exchange,
  );
}

async function signIdToken(context: ShapesContext, shape: Shape, grant: ShapeGrant, isRefresh: boolean) {
  if (!shape.isOpenId || !grant.scopes.includes('openid')) return undefined;
  const iat = Math.floor(context.world.now() / 1000);
  const { nonce } = grant.params;
  return context.keys.sign({
    ...makeClaims(grant.user),
    iss: makeBaseUrl(context, shape),
    aud: grant.clientId,
    iat,
    exp: iat + 3600,
    ...(nonce === undefined || isRefresh ? {} : { nonce }),
  });
}

function recordOutcome(
  context: ShapesContext,
  shape: Shape,
  request: ClientRequest,
  spent: Spent | OAuthError,
) {
  const { refresh_token: refreshToken, code } = request.params;
  const token = refreshToken ?? code;
  if (token === undefined) return;
  const isRefused = 'code' in spent;
  context.world.log.record({
    realm: shape.id,
    endpoint: 'token',
    event: isRefused ? 'refused' : 'accepted',
    tokenType: refreshToken === undefined ? 'authorization_code' : 'refresh_token',
    token,
    ...(isRefused ? { detail: `${spent.code}: ${spent.description}` } : {}),
  });
}

function badRequest(description: string): OAuthError {
  return { code: 'invalid_request', cause: 'request', description };
}

function hashVerifier(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}
