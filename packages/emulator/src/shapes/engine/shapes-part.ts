import { type Exchange, jsonResponse, readBearer } from '../../http/exchange.js';
import type { Part } from '../../http/part.js';
import type { Endpoint } from '../../journal/token-log.js';
import { handleResource } from '../../resource/resource-api.js';
import { createAuthorizationPages } from './authorize.js';
import { matchPath, type Shape, type ShapeCall, type ShapeEndpoint } from './shape.js';
import { authenticateClient, makeBaseUrl, type ShapesContext } from './shapes-context.js';
import { handleShapeToken } from './token-endpoint.js';
import { nameFamily } from './token-store.js';

type Target =
  | { kind: 'authorize' | 'token' | 'certs' | 'unknown'; path: Record<string, string> }
  | { kind: 'sign-in'; uid: string }
  | { kind: 'resource'; path: string }
  | { kind: 'own'; endpoints: ShapeEndpoint[]; rest: string };

/** Serves every shape below `/p/{id}/`: its own endpoints, the sign-in pages, its keys, and the resource API below `api/`. */
export function createShapesPart(context: ShapesContext, shapes: readonly Shape[]): Part {
  const pages = createAuthorizationPages(context);

  function locate(pathname: string): { shape: Shape; target: Target } | undefined {
    const [, id, rest] = /^\/p\/([a-z]+)(\/.*)$/.exec(pathname) ?? [];
    const shape = shapes.find((candidate) => candidate.id === id);
    return shape && rest !== undefined ? { shape, target: findTarget(shape, rest) } : undefined;
  }

  return {
    classify(pathname) {
      const located = locate(pathname);
      return located && { realm: located.shape.id, endpoint: nameEndpoint(located.target) };
    },
    async handle(exchange) {
      const located = locate(exchange.url.pathname);
      if (!located) return jsonResponse({ error: 'not_found' }, 404);
      const { shape, target } = located;
      switch (target.kind) {
        case 'authorize':
          return pages.begin(shape, exchange, target.path);
        case 'token':
          return handleShapeToken(context, shape, exchange);
        case 'sign-in':
          return pages.proceed(shape, exchange, target.uid);
        case 'certs':
          return jsonResponse({ keys: context.keys.listPublic() });
        case 'resource':
          return serveResource(context, shape, exchange, target.path);
        case 'own':
          return serveOwn(context, shape, exchange, target);
        default:
          return jsonResponse({ error: 'not_found' }, 404);
      }
    },
  };
}

function findTarget(shape: Shape, rest: string): Target {
  const authorize = matchPath(shape.authorizePath, rest);
  if (authorize) return { kind: 'authorize', path: authorize };
  const token = matchPath(shape.tokenPath, rest);
  if (token) return { kind: 'token', path: token };
  const endpoints = shape.endpoints.filter((endpoint) => matchPath(endpoint.path, rest));
  if (endpoints.length > 0) return { kind: 'own', endpoints, rest };
  const uid = matchPath('/sign-in/{uid}', rest)?.uid;
  if (uid !== undefined) return { kind: 'sign-in', uid };
  if (rest === '/certs') return { kind: 'certs', path: {} };
  if (rest.startsWith('/api/')) return { kind: 'resource', path: rest.slice('/api'.length) };
  return { kind: 'unknown', path: {} };
}

function nameEndpoint(target: Target): Endpoint {
  switch (target.kind) {
    case 'authorize':
    case 'token':
      return target.kind;
    case 'own':
      return target.endpoints[0]?.endpoint ?? 'api';
    case 'resource':
      return 'api';
    case 'certs':
      return 'jwks';
    default:
      return 'page';
  }
}

function serveResource(context: ShapesContext, shape: Shape, exchange: Exchange, path: string) {
  const problem = shape.checkApiCall?.(exchange);
  if (problem) return problem;
  return handleResource(context.world, context.messages, exchange, {
    realm: shape.id,
    path,
    findBearer(token) {
      const stored = context.store.find(shape.id, 'access_token', token);
      if (!stored) return undefined;
      const { clientId, user, scopes } = stored.grant;
      return { realm: shape.id, clientId, subject: user.id, scopes: new Set(scopes) };
    },
    ...(shape.refuseBearer === undefined ? {} : { refuse: shape.refuseBearer }),
  });
}

function serveOwn(
  context: ShapesContext,
  shape: Shape,
  exchange: Exchange,
  { endpoints, rest }: { endpoints: ShapeEndpoint[]; rest: string },
): Response {
  const endpoint = endpoints.find(({ method }) => method === 'ANY' || method === exchange.method);
  if (!endpoint) {
    const allow = endpoints.map(({ method }) => method).join(', ');
    return jsonResponse({ error: 'method_not_allowed' }, 405, { allow });
  }
  if (endpoint.endpoint !== 'revocation') {
    const problem = shape.checkApiCall?.(exchange);
    if (problem) return problem;
  }
  return endpoint.serve(makeCall(context, shape, exchange, endpoint, matchPath(endpoint.path, rest) ?? {}));
}

function makeCall(
  context: ShapesContext,
  shape: Shape,
  exchange: Exchange,
  { endpoint }: ShapeEndpoint,
  path: Record<string, string>,
): ShapeCall {
  const { world, store } = context;
  return {
    exchange,
    path,
    shape,
    baseUrl: makeBaseUrl(context, shape),
    store,
    world,
    requireBearer() {
      const refuse = shape.refuseBearer ?? (() => jsonResponse({ error: 'invalid_token' }, 401));
      const token = readBearer(exchange.headers);
      if (token === undefined) return refuse('missing');
      const stored = store.find(shape.id, 'access_token', token);
      const event = stored ? 'accepted' : 'refused';
      world.log.record({ realm: shape.id, endpoint, event, tokenType: 'access_token', token });
      return stored ?? refuse('invalid');
    },
    findClient(request) {
      const authenticated = authenticateClient(context, shape, request);
      return 'client' in authenticated ? authenticated.client : undefined;
    },
    revoke(token, scope) {
      const stored =
        store.find(shape.id, 'refresh_token', token) ?? store.find(shape.id, 'access_token', token);
      const tokenType = stored?.type ?? 'unknown';
      const seen = { realm: shape.id, endpoint, tokenType, token } as const;
      world.log.record({ ...seen, event: 'presented' });
      world.log.record({ ...seen, event: stored ? 'revoked' : 'refused' });
      if (!stored) return false;
      const { grant, chain } = stored;
      const family = nameFamily(grant, chain);
      store.revoke((other) => {
        if (scope === 'token') return nameFamily(other.grant, other.chain) === family;
        if (scope === 'family') return other.grant.family === grant.family;
        const { realm, clientId, user } = other.grant;
        return realm === grant.realm && clientId === grant.clientId && user.id === grant.user.id;
      });
      return true;
    },
  };
}
