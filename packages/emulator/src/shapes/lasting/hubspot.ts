import { jsonResponse } from '../../http/exchange.js';
import { requireRedirectUri } from '../engine/oauth-answers.js';
import type { OAuthError, Shape } from '../engine/shape.js';

const STATUS: Partial<Record<OAuthError['cause'], string>> = {
  client_id: 'BAD_CLIENT_ID',
  client_secret: 'BAD_CLIENT_SECRET',
  auth_method: 'BAD_CLIENT_SECRET',
  code: 'BAD_AUTH_CODE',
  refresh_token: 'BAD_REFRESH_TOKEN',
  redirect_uri: 'MISMATCH_REDIRECT_URI_AUTH_CODE',
};

/** The token stands in the path of userinfo and of the revocation, which is a DELETE; errors have words of their own. */
export const hubspot: Shape = {
  id: 'hubspot',
  name: 'HubSpot',
  authorizePath: '/oauth/authorize',
  tokenPath: '/oauth/v1/token',
  userinfoPath: '/oauth/v1/access-tokens/{access_token}',
  revocationPath: '/oauth/v1/refresh-tokens/{refresh_token}',
  authMethod: 'client_secret_post',
  bodyFormats: ['form'],
  scopeSeparator: ' ',
  isScopeRequired: true,
  isPkceIgnored: true,
  reuse: 'accept',
  readTtlSeconds: () => 1800,
  hasRefreshToken: () => true,
  isRotating: () => false,
  checkToken: requireRedirectUri,
  answerTokens: (facts) =>
    jsonResponse({
      token_type: 'bearer',
      access_token: facts.accessToken,
      // A refresh gives the same refresh token again.
      refresh_token: facts.refreshToken ?? facts.presentedRefreshToken,
      expires_in: facts.expiresInSeconds,
    }),
  answerError: (error) =>
    jsonResponse(
      {
        status: STATUS[error.cause] ?? 'BAD_REQUEST',
        message: error.description,
        correlationId: '00000000-0000-0000-0000-000000000000',
      },
      400,
    ),
  refuseBearer: () =>
    jsonResponse(
      { status: 'error', category: 'EXPIRED_AUTHENTICATION', message: 'The access token is not valid.' },
      401,
    ),
  endpoints: [
    {
      method: 'GET',
      path: '/oauth/v1/access-tokens/{access_token}',
      endpoint: 'userinfo',
      serve({ path, store, world }) {
        const text = path.access_token ?? '';
        const token = store.find('hubspot', 'access_token', text);
        const place = {
          realm: 'hubspot',
          endpoint: 'userinfo',
          tokenType: 'access_token',
          token: text,
        } as const;
        world.log.record({ ...place, event: 'presented' });
        world.log.record({ ...place, event: token ? 'accepted' : 'refused' });
        if (!token) return jsonResponse({ status: 'error', message: 'access token not found' }, 404);
        const { user, scopes, clientId } = token.grant;
        return jsonResponse({
          token: text,
          user: user.email,
          hub_domain: 'example.test',
          scopes,
          hub_id: 4711,
          app_id: clientId,
          expires_in: Math.max(0, Math.floor((token.expiresAtMs - world.now()) / 1000)),
          user_id: user.id,
          token_type: 'access',
        });
      },
    },
    {
      method: 'DELETE',
      path: '/oauth/v1/refresh-tokens/{refresh_token}',
      endpoint: 'revocation',
      serve: ({ path, revoke }) =>
        revoke(path.refresh_token ?? '', 'family')
          ? new Response(null, { status: 204 })
          : jsonResponse({ status: 'error', message: 'refresh token not found' }, 404),
    },
  ],
};
