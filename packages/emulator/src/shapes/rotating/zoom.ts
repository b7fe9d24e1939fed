import { jsonResponse, readClientRequest } from '../../http/exchange.js';
import { makeTokenMembers, requireRedirectUri } from '../engine/oauth-answers.js';
import type { OAuthError, Shape } from '../engine/shape.js';

const REASONS: Partial<Record<OAuthError['cause'], string>> = {
  client_id: 'Invalid client_id or client_secret',
  client_secret: 'Invalid client_id or client_secret',
  auth_method: 'Invalid client_id or client_secret',
  code: 'Invalid authorization code',
  refresh_token: 'Invalid Token!',
  redirect_uri: 'Redirect URI mismatch',
};
const REGISTERED_SCOPES = 'user:read:user';

/** HTTP Basic; scopes belong to the registration; `api_url` comes with the tokens; errors carry a `reason`. */
export const zoom: Shape = {
  id: 'zoom',
  name: 'Zoom',
  authorizePath: '/oauth/authorize',
  tokenPath: '/oauth/token',
  userinfoPath: '/v2/users/me',
  revocationPath: '/oauth/revoke',
  authMethod: 'client_secret_basic',
  bodyFormats: ['form'],
  scopeSeparator: ' ',
  isScopeRequired: false,
  reuse: 'refuse',
  readTtlSeconds: () => 3599,
  hasRefreshToken: () => true,
  isRotating: () => true,
  checkToken: requireRedirectUri,
  answerTokens: (facts) =>
    jsonResponse({
      ...makeTokenMembers(facts, 'bearer'),
      scope: facts.grant.params.scope === undefined ? REGISTERED_SCOPES : facts.grant.scopes.join(' '),
      api_url: facts.baseUrl,
    }),
  answerError: (error) =>
    jsonResponse(
      { reason: REASONS[error.cause] ?? error.description, error: error.code },
      error.code === 'invalid_client' ? 401 : 400,
    ),
  refuseBearer: () => jsonResponse({ code: 124, message: 'Invalid access token.' }, 401),
  endpoints: [
    {
      method: 'GET',
      path: '/v2/users/me',
      endpoint: 'userinfo',
      serve({ requireBearer }) {
        const token = requireBearer();
        if (token instanceof Response) return token;
        const { user } = token.grant;
        const [firstName = '', lastName = ''] = user.name.split(' ');
        return jsonResponse({
          id: `zoom-${user.id}`,
          email: user.email,
          first_name: firstName,
          last_name: lastName,
          display_name: user.name,
          account_id: 'account-1',
        });
      },
    },
    {
      method: 'POST',
      path: '/oauth/revoke',
      endpoint: 'revocation',
      serve({ exchange, findClient, revoke }) {
        const request = readClientRequest(exchange);
        if (!findClient(request))
          return jsonResponse({ reason: REASONS.client_id, error: 'invalid_client' }, 401);
        if (revoke(request.params.token ?? '', 'family')) return jsonResponse({ status: 'success' });
        return jsonResponse({ reason: 'Invalid Token!', error: 'invalid_request' }, 400);
      },
    },
  ],
};
