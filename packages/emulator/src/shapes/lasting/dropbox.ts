import { jsonResponse, readBearer } from '../../http/exchange.js';
import { answerStandardError, makeTokenMembers } from '../engine/oauth-answers.js';
import type { Shape } from '../engine/shape.js';

/** Refresh token only with `token_access_type=offline`, none at a refresh; userinfo is a POST of `null`; revocation takes the token as bearer. */
export const dropbox: Shape = {
  id: 'dropbox',
  name: 'Dropbox',
  authorizePath: '/oauth2/authorize',
  tokenPath: '/oauth2/token',
  userinfoPath: '/2/users/get_current_account',
  revocationPath: '/2/auth/token/revoke',
  authMethod: 'client_secret_post',
  bodyFormats: ['form'],
  scopeSeparator: ' ',
  isScopeRequired: false,
  tokenPrefixes: { access: 'sl.', refresh: '' },
  reuse: 'accept',
  readTtlSeconds: () => 14_400,
  hasRefreshToken: (grant) => grant.params.token_access_type === 'offline',
  isRotating: () => false,
  answerTokens: (facts) =>
    jsonResponse({
      ...makeTokenMembers(facts, 'bearer'),
      scope: facts.grant.scopes.join(' '),
      uid: facts.grant.user.id,
      account_id: `dbid:${facts.grant.user.id}`,
    }),
  answerError: answerStandardError,
  refuseBearer: (reason) =>
    jsonResponse(
      reason === 'missing'
        ? { error_summary: 'invalid_access_token/..', error: { '.tag': 'invalid_access_token' } }
        : { error_summary: 'expired_access_token/..', error: { '.tag': 'expired_access_token' } },
      401,
    ),
  endpoints: [
    {
      method: 'POST',
      path: '/2/users/get_current_account',
      endpoint: 'userinfo',
      serve({ exchange, requireBearer }) {
        const text = new TextDecoder().decode(exchange.body);
        const type = exchange.headers.get('content-type') ?? '';
        const isNull = text === 'null' && type.startsWith('application/json');
        if (!isNull && !(text === '' && type === '')) {
          return new Response(
            'Error in call to API function "users/get_current_account": the body must be null',
            {
              status: 400,
            },
          );
        }
        const token = requireBearer();
        if (token instanceof Response) return token;
        const { user } = token.grant;
        return jsonResponse({
          account_id: `dbid:${user.id}`,
          name: { display_name: user.name },
          email: user.email,
          email_verified: true,
          disabled: false,
        });
      },
    },
    {
      method: 'POST',
      path: '/2/auth/token/revoke',
      endpoint: 'revocation',
      serve({ exchange, requireBearer, revoke }) {
        const token = requireBearer();
        if (token instanceof Response) return token;
        revoke(readBearer(exchange.headers) ?? '', 'family');
        return jsonResponse(null);
      },
    },
  ],
};
