import { setTimeout as sleep } from 'node:timers/promises';
import { Hono } from 'hono';
import type { World } from '../control/world.js';
import { type Exchange, jsonResponse, readBearer } from '../http/exchange.js';
import { describeRequest } from './echo.js';
import type { MessageBox } from './messages.js';

/** Whom a valid access token stands for. */
export type Bearer = { realm: string; clientId: string; subject: string; scopes: Set<string> };

/** Where a resource API is mounted and how it judges tokens. */
export type ResourceMount = {
  realm: string;
  /** Path below the mount, with its leading slash. */
  path: string;
  findBearer(token: string): Bearer | undefined;
  /** The provider's own form of a refusal; default RFC 6750. */
  refuse?(reason: 'missing' | 'invalid'): Response;
};

type Variables = { Bindings: { exchange: Exchange; bearer: Bearer; messages: MessageBox; path: string } };

const SLOW_MS_MAX = 120_000;
const app = createApp();

/** Serves one call of the resource API: checks the bearer token for real, then messages, echo, slow, status, scoped. */
export async function handleResource(
  world: World,
  messages: MessageBox,
  exchange: Exchange,
  mount: ResourceMount,
): Promise<Response> {
  const bearer = checkBearer(world, exchange, mount);
  if (bearer instanceof Response) return bearer;
  const url = new URL(exchange.url);
  url.pathname = mount.path;
  const hasBody = !['GET', 'HEAD'].includes(exchange.method);
  const request = new Request(url, {
    method: exchange.method,
    headers: exchange.headers,
    ...(hasBody ? { body: exchange.body } : {}),
  });
  return app.fetch(request, { exchange, bearer, messages, path: mount.path });
}

/** Finds out whom a call's token stands for, or gives the 401; either is written into the log. */
export function checkBearer(world: World, exchange: Exchange, mount: ResourceMount): Bearer | Response {
  const refuse = mount.refuse ?? refuseBearer;
  const token = readBearer(exchange.headers);
  if (token === undefined) return refuse('missing');
  const bearer = mount.findBearer(token);
  const event = bearer ? 'accepted' : 'refused';
  world.log.record({ realm: mount.realm, endpoint: 'api', event, tokenType: 'access_token', token });
  return bearer ?? refuse('invalid');
}

/** 401 as in RFC 6750 section 3: the error code only when a token was there. */
export function refuseBearer(reason: 'missing' | 'invalid'): Response {
  if (reason === 'missing') {
    return jsonResponse({ error: 'unauthorized' }, 401, { 'www-authenticate': 'Bearer realm="emulator"' });
  }
  return jsonResponse({ error: 'invalid_token' }, 401, {
    'www-authenticate':
      'Bearer realm="emulator", error="invalid_token", error_description="unknown, expired or revoked"',
  });
}

function createApp() {
  const routes = new Hono<Variables>();

  routes.get('/messages', (c) => {
    const { bearer, messages } = c.env;
    return c.json({ account: bearer.subject, messages: messages.list(bearer.realm, bearer.subject) });
  });
  routes.post('/messages', async (c) => {
    const body: unknown = await c.req.json().catch(() => undefined);
    const { to, text } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
    if (typeof to !== 'string' || typeof text !== 'string' || text === '') {
      return c.json({ error: 'invalid_request', error_description: 'to and text are needed' }, 422);
    }
    const { bearer, messages } = c.env;
    return c.json(messages.send(bearer.realm, bearer.subject, to, text), 201);
  });
  routes.all('/echo', (c) => c.json(describeEcho(c.env)));
  routes.all('/echo/*', (c) => c.json(describeEcho(c.env)));
  routes.all('/slow', async (c) => {
    const ms = Math.min(readWholeNumber(c.req.query('ms')) ?? 1000, SLOW_MS_MAX);
    await sleep(ms);
    return c.json({ waited_ms: ms });
  });
  routes.all('/status/:code', (c) => answerStatus(Number(c.req.param('code')), new URL(c.req.url)));
  routes.all('/scoped/:scope', (c) => {
    const scope = c.req.param('scope');
    if (c.env.bearer.scopes.has(scope)) return c.json({ scope, granted: true });
    return challengeScope(scope);
  });
  routes.notFound((c) => c.json({ error: 'not_found' }, 404));
  return routes;
}

function describeEcho({ exchange, bearer, path }: Variables['Bindings']) {
  return {
    ...describeRequest(exchange, path),
    account: bearer.subject,
    client_id: bearer.clientId,
    scopes: [...bearer.scopes].filter(Boolean),
  };
}

function answerStatus(code: number, url: URL): Response {
  if (!Number.isInteger(code) || code < 200 || code > 599) {
    return jsonResponse({ error: 'invalid_status' }, 400);
  }
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  const retryAfter = url.searchParams.get('retry_after') ?? (code === 429 ? '1' : null);
  if (retryAfter !== null) headers['retry-after'] = retryAfter;
  const location = url.searchParams.get('location');
  if (location !== null) headers.location = location;
  if (code === 401) headers['www-authenticate'] = 'Bearer error="invalid_token"';
  const scope = url.searchParams.get('scope');
  if (code === 403 && scope !== null) return challengeScope(scope);
  const isBodyless = code === 204 || code === 205 || code === 304;
  return new Response(isBodyless ? null : JSON.stringify({ status: code }), { status: code, headers });
}

function challengeScope(scope: string): Response {
  const safe = scope.replace(/[^\x21\x23-\x5b\x5d-\x7e ]/g, '');
  return jsonResponse({ error: 'insufficient_scope', scope: safe }, 403, {
    'www-authenticate': `Bearer error="insufficient_scope", scope="${safe}"`,
  });
}

function readWholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
