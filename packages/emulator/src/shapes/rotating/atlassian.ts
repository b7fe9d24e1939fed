import { jsonResponse } from '../../http/exchange.js';
import { answerStandardError, makeTokenMembers, requireRedirectUri } from '../engine/oauth-answers.js';
import type { Shape } from '../engine/shape.js';

/** Needs `audience` and `prompt=consent`; rotates with a leeway of 10 minutes, after which reuse ends the family; refuses `scope` at a refresh. */
export const atlassian: Shape = {
  id: 'atlassian',
  name: 'Atlassian (Jira, Confluence Cloud)',
  authorizePath: '/authorize',
  tokenPath: '/oauth/token',
  userinfoPath: '/me',
  authMethod: 'client_secret_post',
  bodyFormats: ['form', 'json'],
  scopeSeparator: ' ',
  isScopeRequired: true,
  reuse: { windowSeconds: 600 },
  readTtlSeconds: () => 3600,
  hasRefreshToken: ({ scopes }) => scopes.includes('offline_access'),
  isRotating: () => true,
  checkAuthorize(params) {
    if (params.get('audience') !== 'api.atlassian.com') return 'audience must be api.atlassian.com';
    return params.get('prompt') === 'consent' ? undefined : 'prompt must be consent';
  },
  checkToken(request) {
    const { params } = request;
    if (params.grant_type === 'refresh_token' && params.scope !== undefined) {
      return 'scope must not be sent with a refresh token';
    }
    return requireRedirectUri(request);
  },
  answerTokens: (facts) => jsonResponse({ ...makeTokenMembers(facts), scope: facts.grant.scopes.join(' ') }),
  answerError(error) {
    if (error.code === 'invalid_client') {
      return jsonResponse({ error: 'access_denied', error_description: 'Unauthorized' }, 401);
    }
    if (error.cause === 'refresh_token') {
      return jsonResponse(
        { error: 'unauthorized_client', error_description: 'refresh_token is invalid' },
        403,
      );
    }
    return answerStandardError(error);
  },
  refuseBearer: () => jsonResponse({ code: 401, message: 'Unauthorized' }, 401),
  endpoints: [
    {
      method: 'GET',
      path: '/me',
      endpoint: 'userinfo',
      serve({ requireBearer }) {
        const token = requireBearer();
        if (token instanceof Response) return token;
        const { user } = token.grant;
        return jsonResponse({
          account_id: `atl-${user.id}`,
          email: user.email,
          name: user.name,
          account_status: 'active',
        });
      },
    },
    {
      method: 'GET',
      path: '/oauth/token/accessible-resources',
      endpoint: 'api',
      serve({ requireBearer }) {
        const token = requireBearer();
        if (token instanceof Response) return token;
        const { scopes } = token.grant;
        return jsonResponse([
          {
            id: 'site-1',
            name: 'Example Site',
            url: 'https://example.atlassian.test',
            scopes,
            avatarUrl: null,
          },
          {
            id: 'site-2',
            name: 'Second Site',
            url: 'https://second.atlassian.test',
            scopes,
            avatarUrl: null,
          },
        ]);
      },
    },
  ],
};
