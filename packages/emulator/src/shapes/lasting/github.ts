import type { Exchange } from '../../http/exchange.js';
import { jsonResponse, readBasic } from '../../http/exchange.js';
import { hashToken } from '../../journal/token-log.js';
import { makeTokenMembers } from '../engine/oauth-answers.js';
import type { OAuthError, Shape, ShapeGrant } from '../engine/shape.js';

const ERRORS: Partial<Record<OAuthError['cause'], string>> = {
  client_id: 'incorrect_client_credentials',
  client_secret: 'incorrect_client_credentials',
  auth_method: 'incorrect_client_credentials',
  code: 'bad_verification_code',
  refresh_token: 'bad_refresh_token',
  redirect_uri: 'redirect_uri_mismatch',
};

// Client ids of GitHub apps begin so; theirs are the tokens that expire and can be refreshed.
function isGitHubApp(grant: ShapeGrant): boolean {
  return grant.clientId.startsWith('Iv');
}

/** Form-encoded unless JSON is asked for, errors with status 200; tokens of OAuth apps last, those of GitHub apps 8 hours. */
export const github: Shape = {
  id: 'github',
  name: 'GitHub',
  authorizePath: '/login/oauth/authorize',
  tokenPath: '/login/oauth/access_token',
  userinfoPath: '/user',
  revocationPath: '/applications/{client_id}/token',
  authMethod: 'client_secret_post',
  bodyFormats: ['form', 'json'],
  scopeSeparator: ' ',
  isScopeRequired: false,
  tokenPrefixes: { access: 'gho_', refresh: 'ghr_' },
  reuse: 'refuse',
  readTtlSeconds: (grant) => (isGitHubApp(grant) ? 28_800 : undefined),
  hasRefreshToken: isGitHubApp,
  isRotating: isGitHubApp,
  answerTokens: (facts, exchange) =>
    encode(exchange, {
      ...makeTokenMembers(facts, 'bearer'),
      ...(facts.refreshToken === undefined ? {} : { refresh_token_expires_in: 15_897_600 }),
      scope: facts.grant.scopes.join(','),
    }),
  answerError: (error, exchange) =>
    encode(exchange, {
      error: ERRORS[error.cause] ?? error.code,
      error_description: error.description,
      error_uri:
        'https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/',
    }),
  checkApiCall: (exchange) =>
    exchange.headers.get('user-agent')
      ? undefined
      : new Response('Request forbidden by administrative rules. A User-Agent header is needed.', {
          status: 403,
        }),
  refuseBearer: () => jsonResponse({ message: 'Bad credentials' }, 401),
  endpoints: [
    {
      method: 'GET',
      path: '/user',
      endpoint: 'userinfo',
      serve({ requireBearer }) {
        const token = requireBearer();
        if (token instanceof Response) return token;
        const { user, scopes } = token.grant;
        return jsonResponse(
          {
            login: user.id,
            id: Number.parseInt(hashToken(user.id).slice(0, 7), 16),
            node_id: user.id,
            name: user.name,
            email: user.email,
          },
          200,
          { 'x-oauth-scopes': scopes.join(', ') },
        );
      },
    },
    {
      method: 'DELETE',
      path: '/applications/{client_id}/token',
      endpoint: 'revocation',
      serve({ exchange, path, revoke, findClient }) {
        const basic = readBasic(exchange.headers);
        // Basic here, parameters in the body at the token endpoint: the provider's two ways.
        const client =
          basic &&
          findClient({
            params: {},
            format: 'none',
            clientId: basic.user,
            clientSecret: basic.password,
            authMethod: 'client_secret_post',
          });
        if (!client || path.client_id !== client.clientId) return jsonResponse({ message: 'Not Found' }, 404);
        const token = readAccessToken(exchange);
        if (token === undefined) return jsonResponse({ message: 'Validation Failed' }, 422);
        if (!revoke(token, 'family')) return jsonResponse({ message: 'Not Found' }, 404);
        return new Response(null, { status: 204 });
      },
    },
  ],
};

function readAccessToken(exchange: Exchange): string | undefined {
  try {
    const body = JSON.parse(new TextDecoder().decode(exchange.body)) as { access_token?: unknown };
    return typeof body.access_token === 'string' ? body.access_token : undefined;
  } catch {
    return undefined;
  }
}

function encode(exchange: Exchange, members: Record<string, unknown>): Response {
  if ((exchange.headers.get('accept') ?? '').includes('json')) return jsonResponse(members);
  const pairs = Object.entries(members).map(([name, value]): [string, string] => [name, String(value)]);
  return new Response(new URLSearchParams(pairs).toString(), {
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      'cache-control': 'no-store',
    },
  });
}
