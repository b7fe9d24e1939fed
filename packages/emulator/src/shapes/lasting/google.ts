import { jsonResponse, readClientRequest } from '../../http/exchange.js';
import { answerStandardError, makeTokenMembers, requireRedirectUri } from '../engine/oauth-answers.js';
import type { Shape } from '../engine/shape.js';

const LONG_NAMES: Record<string, string> = {
  email: 'https://www.googleapis.com/auth/userinfo.email',
  profile: 'https://www.googleapis.com/auth/userinfo.profile',
};

/** Refresh token only with `access_type=offline` and at a fresh consent; none at a refresh; revoking ends everything of the account. */
export const google: Shape = {
  id: 'google',
  name: 'Google',
  authorizePath: '/o/oauth2/v2/auth',
  tokenPath: '/token',
  userinfoPath: '/v1/userinfo',
  revocationPath: '/revoke',
  authMethod: 'client_secret_post',
  bodyFormats: ['form'],
  scopeSeparator: ' ',
  isScopeRequired: true,
  isOpenId: true,
  tokenPrefixes: { access: 'ya29.', refresh: '1//' },
  reuse: 'accept',
  readTtlSeconds: () => 3599,
  hasRefreshToken: (grant) => grant.params.access_type === 'offline' && grant.isFreshConsent,
  isRotating: () => false,
  checkToken: requireRedirectUri,
  answerTokens: (facts) =>
    jsonResponse({
      ...makeTokenMembers(facts),
      scope: facts.grant.scopes.map((scope) => LONG_NAMES[scope] ?? scope).join(' '),
    }),
  answerError: answerStandardError,
  endpoints: [
    {
      method: 'GET',
      path: '/v1/userinfo',
      endpoint: 'userinfo',
      serve({ requireBearer }) {
        const token = requireBearer();
        if (token instanceof Response) return token;
        const { user, scopes } = token.grant;
        return jsonResponse({
          sub: `google-${user.id}`,
          ...(scopes.includes('profile') ? { name: user.name } : {}),
          ...(scopes.includes('email') ? { email: user.email, email_verified: true } : {}),
        });
      },
    },
    {
      method: 'POST',
      path: '/revoke',
      endpoint: 'revocation',
      serve({ exchange, revoke }) {
        const token = readClientRequest(exchange).params.token ?? exchange.url.searchParams.get('token');
        if (token && revoke(token, 'account')) return jsonResponse({});
        return jsonResponse({ error: 'invalid_token', error_description: 'Token expired or revoked' }, 400);
      },
    },
  ],
};
