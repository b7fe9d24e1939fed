import { jsonResponse, readClientRequest } from '../../http/exchange.js';
import { answerStandardError, requireRedirectUri } from '../engine/oauth-answers.js';
import type { Shape } from '../engine/shape.js';

const ORGANIZATION = '00D000000000001EAA';

/** No `expires_in` although tokens die after two hours; `instance_url` and an identity URL come with the tokens. */
export const salesforce: Shape = {
  id: 'salesforce',
  name: 'Salesforce',
  authorizePath: '/services/oauth2/authorize',
  tokenPath: '/services/oauth2/token',
  userinfoPath: '/services/oauth2/userinfo',
  revocationPath: '/services/oauth2/revoke',
  authMethod: 'client_secret_post',
  bodyFormats: ['form'],
  scopeSeparator: ' ',
  isScopeRequired: false,
  tokenPrefixes: { access: '00D!', refresh: '5Aep' },
  reuse: 'accept',
  readTtlSeconds: () => 7200,
  hasRefreshToken: ({ scopes }) => scopes.includes('refresh_token') || scopes.includes('offline_access'),
  isRotating: () => false,
  checkToken: requireRedirectUri,
  answerTokens: (facts) =>
    jsonResponse({
      access_token: facts.accessToken,
      ...(facts.refreshToken === undefined ? {} : { refresh_token: facts.refreshToken }),
      signature: 'emulated',
      scope: facts.grant.scopes.join(' '),
      instance_url: facts.baseUrl,
      id: `${facts.baseUrl}/id/${ORGANIZATION}/${facts.grant.user.id}`,
      token_type: 'Bearer',
      issued_at: String(facts.nowMs),
    }),
  answerError: (error) =>
    error.code === 'invalid_client'
      ? jsonResponse(
          {
            error: error.cause === 'client_id' ? 'invalid_client_id' : 'invalid_client',
            error_description: error.description,
          },
          400,
        )
      : answerStandardError(error),
  refuseBearer: () =>
    jsonResponse([{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }], 401),
  endpoints: [
    { method: 'GET', path: '/services/oauth2/userinfo', endpoint: 'userinfo', serve: answerIdentity },
    { method: 'GET', path: '/id/{organization}/{user}', endpoint: 'userinfo', serve: answerIdentity },
    {
      method: 'POST',
      path: '/services/oauth2/introspect',
      endpoint: 'userinfo',
      serve({ exchange, store, findClient }) {
        const request = readClientRequest(exchange);
        if (!findClient(request)) return jsonResponse({ error: 'invalid_client' }, 401);
        const token = store.find('salesforce', 'access_token', request.params.token ?? '');
        if (!token) return jsonResponse({ active: false });
        const exp = Math.floor(token.expiresAtMs / 1000);
        return jsonResponse({
          active: true,
          exp,
          client_id: token.grant.clientId,
          token_type: 'access_token',
        });
      },
    },
    {
      method: 'POST',
      path: '/services/oauth2/revoke',
      endpoint: 'revocation',
      serve({ exchange, revoke }) {
        const { token } = readClientRequest(exchange).params;
        if (token && revoke(token, 'family')) return new Response(null, { status: 200 });
        return jsonResponse({ error: 'invalid_token', error_description: 'token is not known' }, 400);
      },
    },
  ],
};

function answerIdentity({
  requireBearer,
  baseUrl,
}: Parameters<Shape['endpoints'][number]['serve']>[0]): Response {
  const token = requireBearer();
  if (token instanceof Response) return token;
  const { user } = token.grant;
  return jsonResponse({
    sub: `${baseUrl}/id/${ORGANIZATION}/${user.id}`,
    user_id: `005${user.id}`,
    organization_id: ORGANIZATION,
    preferred_username: user.email,
    name: user.name,
    email: user.email,
    email_verified: true,
  });
}
