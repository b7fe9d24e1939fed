import { randomBytes } from 'node:crypto';
import type { ClientRegistration } from '../../control/world.js';
import type { Exchange } from '../../http/exchange.js';
import { isRedirectAllowed } from '../../http/redirect-uri.js';
import { renderConsentPage, renderLoginPage, renderProblemPage } from '../../http/sign-in-pages.js';
import { type EmulatedUser, findUser } from '../../users.js';
import type { Shape } from './shape.js';
import type { ShapesContext } from './shapes-context.js';

type Pending = { shape: Shape; client: ClientRegistration; params: URLSearchParams; user?: EmulatedUser };

/** The authorization endpoints of all shapes, with the pages in between. */
export type AuthorizationPages = {
  begin(shape: Shape, exchange: Exchange, path: Record<string, string>): Response;
  /** GET and POST of `/p/{id}/sign-in/{uid}`. */
  proceed(shape: Shape, exchange: Exchange, uid: string): Response;
};

/** Makes them, with no sign-in begun. */
export function createAuthorizationPages(context: ShapesContext): AuthorizationPages {
  const pendings = new Map<string, Pending>();

  function refuse(shape: Shape, problem: string): Response {
    const advice = 'The developer of the application has to correct its request.';
    return renderProblemPage(shape.name, problem, advice, context.world.settings.coop);
  }

  return {
    begin(shape, exchange, path) {
      const params = exchange.url.searchParams;
      const client = context.clients.get(shape.id)?.get(params.get('client_id') ?? '');
      if (!client) return refuse(shape, 'invalid_client: the client is not known');
      const redirectUri = params.get('redirect_uri') ?? '';
      if (!isRedirectAllowed(client.redirectUris, redirectUri)) {
        return refuse(shape, 'redirect_uri_mismatch: the redirect URI is not registered');
      }
      const problem = findProblem(shape, params, path);
      if (problem) return redirectBack(params, { error: problem.code, error_description: problem.text });
      const uid = randomBytes(16).toString('base64url');
      pendings.set(uid, { shape, client, params });
      return new Response(null, {
        status: 302,
        headers: { location: `/p/${shape.id}/sign-in/${uid}`, 'cache-control': 'no-store' },
      });
    },
    proceed(shape, exchange, uid) {
      const pending = pendings.get(uid);
      if (!pending || pending.shape !== shape) {
        const advice = 'Go back to the application and start again.';
        return renderProblemPage(
          shape.name,
          'This sign-in has expired.',
          advice,
          context.world.settings.coop,
        );
      }
      const view = {
        providerName: shape.name,
        clientName: pending.client.name ?? pending.client.clientId,
        action: exchange.url.pathname,
        coop: context.world.settings.coop,
      };
      if (exchange.method !== 'POST') return renderLoginPage(view, context.users);
      const form = new URLSearchParams(new TextDecoder().decode(exchange.body));
      if (form.has('cancel') || form.get('decision') === 'deny') {
        pendings.delete(uid);
        return redirectBack(pending.params, { error: 'access_denied' });
      }
      const user = findUser(context.users, form.get('user') ?? '');
      if (user) {
        pending.user = user;
        return renderConsentPage(view, user, listScopes(shape, pending.params));
      }
      if (form.get('decision') !== 'allow' || !pending.user) return renderLoginPage(view, context.users);
      pendings.delete(uid);
      const code = issueCode(context, pending, pending.user, form.getAll('scope'));
      return redirectBack(pending.params, { code });
    },
  };
}

function findProblem(shape: Shape, params: URLSearchParams, path: Record<string, string>) {
  if (params.get('response_type') !== 'code' && shape.id !== 'github' && shape.id !== 'slack') {
    return { code: 'unsupported_response_type', text: 'response_type must be code' };
  }
  if (shape.isScopeRequired && listScopes(shape, params).length === 0) {
    return { code: 'invalid_scope', text: 'scope is missing' };
  }
  const hasOtherMethod = params.has('code_challenge') && params.get('code_challenge_method') !== 'S256';
  if (hasOtherMethod && !shape.isPkceIgnored) {
    return { code: 'invalid_request', text: 'code_challenge_method must be S256' };
  }
  const text = shape.checkAuthorize?.(params, path);
  return text === undefined ? undefined : { code: 'invalid_request', text };
}

function listScopes(shape: Shape, params: URLSearchParams): string[] {
  const asked = [params.get('scope') ?? '', params.get('user_scope') ?? ''];
  return [...new Set(asked.flatMap((list) => list.split(shape.scopeSeparator)).filter(Boolean))];
}

function issueCode(context: ShapesContext, pending: Pending, user: EmulatedUser, ticked: string[]): string {
  const { shape, client, params } = pending;
  const isFreshConsent =
    context.store.isFirstConsent(shape.id, client.clientId, user.id) ||
    (params.get('prompt') ?? '').split(' ').includes('consent');
  const grant = {
    family: randomBytes(12).toString('base64url'),
    realm: shape.id,
    clientId: client.clientId,
    user,
    scopes: listScopes(shape, params).filter((scope) => ticked.includes(scope)),
    params: Object.fromEntries(params),
    isFreshConsent,
  };
  return context.store.issue({ shape, grant, type: 'authorization_code', ttlSeconds: 60 });
}

function redirectBack(params: URLSearchParams, answer: Record<string, string>): Response {
  const url = new URL(params.get('redirect_uri') ?? '');
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value);
  const state = params.get('state');
  if (state !== null) url.searchParams.set('state', state);
  return new Response(null, {
    status: 303,
    headers: { location: url.href, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
  });
}
