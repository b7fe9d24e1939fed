import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { routes as assetRoutes } from './api/connect/assets.js';
import { routes as callbackRoutes } from './api/connect/callback.js';
import { routes as pageRoutes } from './api/connect/page.js';
import { routes as connectStatusRoutes } from './api/connect/status.js';
import { routes as auditCallRoutes } from './api/sdk/audit-call.js';
import { routes as auditReceiptRoutes } from './api/sdk/audit-receipts.js';
import { routes as proxyRoutes } from './api/sdk/calls/proxy.js';
import { routes as tokenRoutes } from './api/sdk/calls/token.js';
import { routes as catalogRoutes } from './api/sdk/catalog.js';
import { routes as connectRoutes } from './api/sdk/connect.js';
import { routes as grantRoutes } from './api/sdk/grants.js';
import { routes as identityRoutes } from './api/sdk/identity.js';
import { routes as managedSecretRoutes } from './api/sdk/managed-secrets.js';
import { routes as scopeMismatchRoutes } from './api/sdk/scope-mismatch.js';
import { createDocumentationRoutes } from './api/server/documentation.js';
import { createMetricsRoutes } from './api/server/metrics.js';
import type { ServerState } from './api/server/server-state.js';
import { createStatusRoutes } from './api/server/status.js';
import type { VaultDeps } from './deps.js';
import { ApiError } from './http/api-error.js';
import { createBodyBudget } from './http/body/body-budget.js';
import { openHonoRequest, prepareEndpoint, preparePage, type ServerParts } from './http/handle-endpoint.js';
import { createDirectListener } from './http/intake/direct-listener.js';
import { createRateLimiter } from './http/limits/rate-limit.js';
import { createSourceAddressReader } from './http/limits/source-address.js';
import { PathRouter } from './http/path-router.js';
import type { HonoContext, ServerBindings } from './http/request-context.js';
import { buildErrorAnswer, toHonoResponse } from './http/respond.js';
import type { RouteRegistration } from './http/route.js';
import { createKeyFinder } from './http/signed/key-finder.js';
import type { RequestListener } from './listen.js';
import { observeRoute } from './telemetry/observe.js';

/** The server's application without its socket; tests call `app.request()`. */
export type VaultApp = Hono<{ Bindings: ServerBindings }>;

/**
 * Builds the application: every route of `api/`, behind the checks of `http/`. Without a socket, for tests.
 * @public
 */
export function createApp(deps: VaultDeps, state: ServerState = { isStopping: false }): VaultApp {
  return buildApp(createParts(deps), listRoutes(deps, state));
}

/** The application as what Node's HTTP server calls; requests that Hono cannot read are answered by `answerUnreadable`. */
export function createServerListener(
  deps: VaultDeps,
  state: ServerState,
  answerUnreadable: () => Response,
): RequestListener {
  const parts = createParts(deps);
  const routes = listRoutes(deps, state);
  const { fetch } = buildApp(parts, routes);
  return createDirectListener(parts, routes, getRequestListener(fetch, { errorHandler: answerUnreadable }));
}

function createParts(deps: VaultDeps): ServerParts {
  return {
    deps,
    keyFinder: createKeyFinder(deps),
    limiter: createRateLimiter(deps.clock),
    bodyBudget: createBodyBudget(deps.bodiesBytesMax),
    readSourceAddress: createSourceAddressReader(deps.config.trustedProxies),
  };
}

function buildApp(parts: ServerParts, routes: readonly RouteRegistration[]): VaultApp {
  const { deps } = parts;
  const app: VaultApp = new Hono({ router: new PathRouter() });
  const unmatched = { method: 'any', route: 'unmatched', isSigned: false };
  const answer = observeRoute(
    deps.telemetry,
    unmatched,
    () => undefined,
    async ({ raw, error }: { raw: HonoContext; error: unknown }) =>
      toHonoResponse(raw, buildErrorAnswer(deps, openHonoRequest(parts, raw), error)),
  );
  const refuse = (raw: HonoContext, error: unknown) => answer({ raw, error });
  mountRoutes(app, parts, routes, refuse);
  app.notFound((raw) => refuse(raw, new ApiError('not_found')));
  app.onError((error, raw) => refuse(raw, error));
  return app;
}

function listRoutes(deps: VaultDeps, state: ServerState): RouteRegistration[] {
  return [
    ...tokenRoutes,
    ...proxyRoutes,
    ...auditCallRoutes,
    ...auditReceiptRoutes,
    ...scopeMismatchRoutes,
    ...grantRoutes,
    ...managedSecretRoutes,
    ...catalogRoutes,
    ...identityRoutes,
    ...connectRoutes,
    ...connectStatusRoutes,
    ...pageRoutes,
    ...callbackRoutes,
    ...assetRoutes,
    ...createStatusRoutes(deps, state),
    ...createMetricsRoutes(deps),
    ...createDocumentationRoutes(deps),
  ];
}

function mountRoutes(
  app: VaultApp,
  parts: ServerParts,
  routes: readonly RouteRegistration[],
  refuse: (raw: HonoContext, error: unknown) => Promise<Response>,
): void {
  const methods = new Map<string, string[]>();
  for (const registration of routes) {
    const isEndpoint = registration.kind === 'endpoint';
    const method = isEndpoint ? registration.endpoint.method : registration.method;
    const path = isEndpoint
      ? registration.endpoint.path.replaceAll(/\{([a-z_]+)\}/g, ':$1')
      : registration.path;
    const listed = methods.get(path) ?? [];
    if (listed.includes(method)) throw new Error(`${method} ${path} is registered twice.`);
    methods.set(path, [...listed, method]);
    const handle = isEndpoint ? prepareEndpoint(parts, registration) : preparePage(parts, registration);
    app.on(method, path, handle);
  }
  for (const [path, allowed] of methods) {
    app.all(path, (raw) =>
      refuse(raw, new ApiError('method_not_allowed', { headers: { Allow: allowed.join(', ') } })),
    );
  }
}
