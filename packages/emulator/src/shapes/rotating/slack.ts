import { jsonResponse, readBearer, readClientRequest } from '../../http/exchange.js';
import type { AnswerFacts, OAuthError, Shape } from '../engine/shape.js';

const ERRORS: Partial<Record<OAuthError['cause'], string>> = {
  client_id: 'invalid_client_id',
  client_secret: 'bad_client_secret',
  auth_method: 'bad_client_secret',
  code: 'invalid_code',
  refresh_token: 'invalid_refresh_token',
  redirect_uri: 'bad_redirect_uri',
};
const TEAM = { id: 'T0001', name: 'Example Team' };

/** Every answer has status 200 and `ok`; bot token at the top, user token in `authed_user`, each with a refresh token of its own. */
export const slack: Shape = {
  id: 'slack',
  name: 'Slack',
  authorizePath: '/oauth/v2/authorize',
  tokenPath: '/api/oauth.v2.access',
  userinfoPath: '/api/auth.test',
  revocationPath: '/api/auth.revoke',
  authMethod: 'client_secret_post',
  bodyFormats: ['form'],
  scopeSeparator: ',',
  isScopeRequired: true,
  tokenPrefixes: { access: 'xoxe.xox-', refresh: 'xoxe-1-' },
  reuse: 'refuse',
  readTtlSeconds: () => 43_200,
  hasRefreshToken: () => true,
  isRotating: () => true,
  answerTokens: (facts) =>
    jsonResponse(facts.presentedRefreshToken ? answerRefresh(facts) : answerCode(facts)),
  answerError: (error) => jsonResponse({ ok: false, error: ERRORS[error.cause] ?? 'invalid_arguments' }),
  refuseBearer: (reason) =>
    jsonResponse({ ok: false, error: reason === 'missing' ? 'not_authed' : 'invalid_auth' }),
  endpoints: [
    {
      method: 'ANY',
      path: '/api/auth.test',
      endpoint: 'userinfo',
      serve({ requireBearer }) {
        const token = requireBearer();
        if (token instanceof Response) return token;
        const { user } = token.grant;
        return jsonResponse({
          ok: true,
          url: 'https://example.slack.test/',
          team: TEAM.name,
          team_id: TEAM.id,
          user: user.id,
          user_id: `U-${user.id}`,
          ...(token.chain === 'main' ? { bot_id: 'B0001' } : {}),
        });
      },
    },
    {
      method: 'ANY',
      path: '/api/auth.revoke',
      endpoint: 'revocation',
      serve({ exchange, revoke, store }) {
        const given = readBearer(exchange.headers) ?? readClientRequest(exchange).params.token;
        if (!given) return jsonResponse({ ok: false, error: 'not_authed' });
        if (!store.find('slack', 'access_token', given))
          return jsonResponse({ ok: false, error: 'invalid_auth' });
        return jsonResponse({ ok: true, revoked: revoke(given, 'token') });
      },
    },
  ],
};

function answerCode(facts: AnswerFacts): Record<string, unknown> {
  const { grant } = facts;
  const botScopes = splitScopes(grant.params.scope, grant.scopes);
  const userScopes = splitScopes(grant.params.user_scope, grant.scopes);
  const authedUser = {
    id: `U-${grant.user.id}`,
    ...(userScopes.length === 0
      ? {}
      : {
          scope: userScopes.join(','),
          access_token: facts.issueMore('access_token', 'user'),
          token_type: 'user',
          refresh_token: facts.issueMore('refresh_token', 'user'),
          expires_in: facts.expiresInSeconds,
        }),
  };
  const bot = {
    access_token: facts.accessToken,
    token_type: 'bot',
    scope: botScopes.join(','),
    bot_user_id: 'UBOT',
    refresh_token: facts.refreshToken,
    expires_in: facts.expiresInSeconds,
  };
  return {
    ok: true,
    ...(botScopes.length === 0 ? {} : bot),
    app_id: 'A0001',
    team: TEAM,
    enterprise: null,
    is_enterprise_install: false,
    authed_user: authedUser,
  };
}

function answerRefresh(facts: AnswerFacts): Record<string, unknown> {
  const isUser = facts.chain === 'user';
  const asked = isUser ? facts.grant.params.user_scope : facts.grant.params.scope;
  return {
    ok: true,
    access_token: facts.accessToken,
    token_type: isUser ? 'user' : 'bot',
    scope: splitScopes(asked, facts.grant.scopes).join(','),
    refresh_token: facts.refreshToken,
    expires_in: facts.expiresInSeconds,
    app_id: 'A0001',
    team: TEAM,
    enterprise: null,
  };
}

function splitScopes(asked: string | undefined, granted: readonly string[]): string[] {
  return (asked ?? '').split(',').filter((scope) => granted.includes(scope));
}
