import { jsonResponse } from '../../http/exchange.js';
import { answerStandardError, makeTokenMembers, requireRedirectUri } from '../engine/oauth-answers.js';
import type { Shape } from '../engine/shape.js';

/** HTTP Basic; a refresh gives no new refresh token, unless the authorization used PKCE: then it rotates. */
export const spotify: Shape = {
  id: 'spotify',
  name: 'Spotify',
  authorizePath: '/authorize',
  tokenPath: '/api/token',
  userinfoPath: '/v1/me',
  authMethod: 'client_secret_basic',
  bodyFormats: ['form'],
  scopeSeparator: ' ',
  isScopeRequired: false,
  reuse: 'refuse',
  readTtlSeconds: () => 3600,
  hasRefreshToken: () => true,
  isRotating: (grant) => grant.params.code_challenge !== undefined,
  checkToken: requireRedirectUri,
  answerTokens: (facts) => jsonResponse({ ...makeTokenMembers(facts), scope: facts.grant.scopes.join(' ') }),
  answerError: (error) =>
    error.code === 'invalid_client'
      ? jsonResponse({ error: 'invalid_client', error_description: error.description }, 400)
      : answerStandardError(error),
  refuseBearer: () => jsonResponse({ error: { status: 401, message: 'The access token expired' } }, 401),
  endpoints: [
    {
      method: 'GET',
      path: '/v1/me',
      endpoint: 'userinfo',
      serve({ requireBearer }) {
        const token = requireBearer();
        if (token instanceof Response) return token;
        const { user, scopes } = token.grant;
        return jsonResponse({
          id: user.id,
          display_name: user.name,
          ...(scopes.includes('user-read-email') ? { email: user.email } : {}),
          type: 'user',
          uri: `spotify:user:${user.id}`,
        });
      },
    },
  ],
};
