import { type Exchange, jsonResponse, readClientRequest } from '../../http/exchange.js';
import type { EmulatedUser } from '../../users.js';
import { requireRedirectUri } from '../engine/oauth-answers.js';
import type { Shape } from '../engine/shape.js';

/** JSON with HTTP Basic; no scopes; the owner comes with the tokens; every API call needs `Notion-Version`. */
export const notion: Shape = {
  id: 'notion',
  name: 'Notion',
  authorizePath: '/v1/oauth/authorize',
  tokenPath: '/v1/oauth/token',
  userinfoPath: '/v1/users/me',
  revocationPath: '/v1/oauth/revoke',
  authMethod: 'client_secret_basic',
  bodyFormats: ['json'],
  scopeSeparator: ' ',
  isScopeRequired: false,
  isPkceIgnored: true,
  tokenPrefixes: { access: 'ntn_', refresh: 'nrt_' },
  reuse: 'refuse',
  readTtlSeconds: () => undefined,
  hasRefreshToken: () => true,
  isRotating: () => true,
  checkAuthorize: (params) => (params.get('owner') === 'user' ? undefined : 'owner must be user'),
  checkToken: requireRedirectUri,
  answerTokens: (facts) =>
    jsonResponse({
      access_token: facts.accessToken,
      token_type: 'bearer',
      refresh_token: facts.refreshToken,
      bot_id: `bot-${facts.grant.family}`,
      workspace_id: 'workspace-1',
      workspace_name: 'Example Workspace',
      workspace_icon: null,
      owner: { type: 'user', user: describeOwner(facts.grant.user) },
      duplicated_template_id: null,
      request_id: '00000000-0000-0000-0000-000000000000',
    }),
  answerError: (error) =>
    jsonResponse(
      { error: error.code, error_description: error.description },
      error.code === 'invalid_client' ? 401 : 400,
    ),
  checkApiCall,
  refuseBearer: () =>
    jsonResponse(
      { object: 'error', status: 401, code: 'unauthorized', message: 'API token is invalid.' },
      401,
    ),
  endpoints: [
    {
      method: 'GET',
      path: '/v1/users/me',
      endpoint: 'userinfo',
      serve({ requireBearer }) {
        const token = requireBearer();
        if (token instanceof Response) return token;
        const owner = { type: 'user', user: describeOwner(token.grant.user) };
        return jsonResponse({
          object: 'user',
          id: `bot-${token.grant.family}`,
          type: 'bot',
          name: 'Integration',
          bot: { owner, workspace_name: 'Example Workspace' },
        });
      },
    },
    {
      method: 'POST',
      path: '/v1/oauth/revoke',
      endpoint: 'revocation',
      serve({ exchange, findClient, revoke }) {
        const request = readClientRequest(exchange);
        if (!findClient(request) || request.format !== 'json') {
          return jsonResponse({ error: 'invalid_client' }, 401);
        }
        revoke(request.params.token ?? '', 'family');
        return jsonResponse({ request_id: '00000000-0000-0000-0000-000000000000' });
      },
    },
  ],
};

function describeOwner(user: EmulatedUser): Record<string, unknown> {
  return {
    object: 'user',
    id: `notion-${user.id}`,
    name: user.name,
    avatar_url: null,
    type: 'person',
    person: { email: user.email },
  };
}

function checkApiCall(exchange: Exchange): Response | undefined {
  if (exchange.headers.has('notion-version')) return undefined;
  const message = 'Notion-Version header failed validation: it should be defined.';
  return jsonResponse({ object: 'error', status: 400, code: 'missing_version', message }, 400);
}
