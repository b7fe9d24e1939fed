import { jsonResponse, readBearer, readClientRequest } from '../../http/exchange.js';
import { answerStandardError, makeTokenMembers, requireRedirectUri } from '../engine/oauth-answers.js';
import type { Shape } from '../engine/shape.js';

/** Scopes separated by commas; userinfo is a GraphQL query; refresh tokens are used once. */
export const linear: Shape = {
  id: 'linear',
  name: 'Linear',
  authorizePath: '/oauth/authorize',
  tokenPath: '/oauth/token',
  userinfoPath: '/graphql',
  revocationPath: '/oauth/revoke',
  authMethod: 'client_secret_post',
  bodyFormats: ['form'],
  scopeSeparator: ',',
  isScopeRequired: true,
  tokenPrefixes: { access: 'lin_oauth_', refresh: 'lin_refresh_' },
  reuse: 'refuse',
  readTtlSeconds: () => 86_399,
  hasRefreshToken: () => true,
  isRotating: () => true,
  checkToken: requireRedirectUri,
  answerTokens: (facts) => jsonResponse({ ...makeTokenMembers(facts), scope: facts.grant.scopes.join(',') }),
  answerError: answerStandardError,
  refuseBearer: () =>
    jsonResponse(
      { errors: [{ message: 'Authentication required', extensions: { code: 'AUTHENTICATION_ERROR' } }] },
      401,
    ),
  endpoints: [
    {
      method: 'POST',
      path: '/graphql',
      endpoint: 'userinfo',
      serve({ exchange, requireBearer }) {
        const token = requireBearer();
        if (token instanceof Response) return token;
        const { query } = readClientRequest(exchange).params;
        if (!query || !/\bviewer\b/.test(query)) {
          return jsonResponse(
            {
              errors: [
                { message: 'Cannot query that field', extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
              ],
            },
            400,
          );
        }
        const { user } = token.grant;
        const organization = { id: 'org-1', urlKey: 'example' };
        return jsonResponse({
          data: { viewer: { id: `lin-${user.id}`, email: user.email, name: user.name, organization } },
        });
      },
    },
    {
      method: 'POST',
      path: '/oauth/revoke',
      endpoint: 'revocation',
      serve({ exchange, revoke }) {
        const { params } = readClientRequest(exchange);
        const token =
          params.token ?? params.access_token ?? params.refresh_token ?? readBearer(exchange.headers);
        if (token === undefined) return jsonResponse({ error: 'invalid_request' }, 401);
        return revoke(token, 'family') ? jsonResponse({}) : jsonResponse({ error: 'invalid_token' }, 400);
      },
    },
  ],
};
