import { jsonResponse } from '../../http/exchange.js';
import { makeTokenMembers, requireRedirectUri } from '../engine/oauth-answers.js';
import type { OAuthError, Shape } from '../engine/shape.js';

const CODES: Partial<Record<OAuthError['cause'], number>> = {
  client_id: 700016,
  client_secret: 7000215,
  auth_method: 7000218,
  code: 70008,
  refresh_token: 700082,
  redirect_uri: 500112,
};
const TENANT = /^(common|organizations|consumers|[A-Za-z0-9.-]{1,253})$/;
const SIGN_IN_SCOPES = new Set(['openid', 'profile', 'email', 'offline_access']);

/** Tenant in the path; a refresh token needs `offline_access` and stays valid after it was used. */
export const microsoft: Shape = {
  id: 'microsoft',
  name: 'Microsoft',
  authorizePath: '/{tenant}/oauth2/v2.0/authorize',
  tokenPath: '/{tenant}/oauth2/v2.0/token',
  userinfoPath: '/v1.0/me',
  authMethod: 'client_secret_post',
  bodyFormats: ['form'],
  scopeSeparator: ' ',
  isScopeRequired: true,
  isOpenId: true,
  tokenPrefixes: { access: 'EwB', refresh: '0.A' },
  reuse: 'accept',
  readTtlSeconds: () => 3599,
  hasRefreshToken: ({ scopes }) => scopes.includes('offline_access'),
  isRotating: () => true,
  checkAuthorize: (_params, path) => (TENANT.test(path.tenant ?? '') ? undefined : 'the tenant is not valid'),
  checkToken: requireRedirectUri,
  answerTokens: (facts) =>
    jsonResponse({
      ...makeTokenMembers(facts),
      scope: facts.grant.scopes.filter((scope) => !SIGN_IN_SCOPES.has(scope)).join(' '),
      ext_expires_in: facts.expiresInSeconds,
    }),
  answerError(error) {
    const number = CODES[error.cause] ?? 900144;
    return jsonResponse(
      {
        error: error.code,
        error_description: `AADSTS${number}: ${error.description}`,
        error_codes: [number],
        correlation_id: '00000000-0000-0000-0000-000000000000',
      },
      error.code === 'invalid_client' ? 401 : 400,
    );
  },
  refuseBearer: () =>
    jsonResponse(
      { error: { code: 'InvalidAuthenticationToken', message: 'Access token is empty or invalid.' } },
      401,
      {
        'www-authenticate': 'Bearer error="invalid_token"',
      },
    ),
  endpoints: [
    {
      method: 'GET',
      path: '/v1.0/me',
      endpoint: 'userinfo',
      serve({ requireBearer }) {
        const token = requireBearer();
        if (token instanceof Response) return token;
        const { user } = token.grant;
        return jsonResponse({
          id: `ms-${user.id}`,
          userPrincipalName: user.email,
          mail: user.email,
          displayName: user.name,
        });
      },
    },
  ],
};
