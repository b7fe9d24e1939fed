import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { createAssetRoutes } from './assets.js';
import type { DemoConfig } from './config.js';
import type { DemoDeps, SignedIn, SignedInSession } from './deps.js';
import { renderProblemPage } from './pages/layout.js';
import { renderWelcomePage } from './pages/welcome.js';
import { protectPages } from './protect-pages.js';
import { listProviders } from './providers.js';
import { createActionRoutes } from './routes/action-routes.js';
import { createPageRoutes } from './routes/page-routes.js';
import { createIdentityProvider } from './sign-in/identity-provider.js';
import { createSignInRoutes, findSession } from './sign-in/routes.js';
import { createSessions } from './sign-in/sessions.js';
import { listTroubles } from './trouble.js';
import { createAlter } from './vault/alter.js';
import { createOperator } from './vault/operator.js';

/** The demo without its socket. */
export interface Demo {
  readonly app: Hono;
  close(): Promise<void>;
}

const formBytesMax = 16 * 1024;

/** Puts the demo together. */
export function createDemo(config: DemoConfig, now: () => number = Date.now): Demo {
  const operator = config.operator && createOperator(config.operator);
  const deps: DemoDeps = {
    config,
    alter: createAlter(config),
    operator,
    sessions: createSessions(now),
    providers: listProviders(config.emulatorUrl),
    troubles: listTroubles(config, operator),
  };
  const app = new Hono();
  app.use(protectPages(config));
  app.use(bodyLimit({ maxSize: formBytesMax }));
  app.get('/healthz', (context) => context.json({ status: 'ok' }));
  app.route('/', createAssetRoutes());
  app.route('/', createSignInRoutes(createIdentityProvider(config, now), deps.sessions, now));
  app.route('/', createSignedInRoutes(deps));
  app.notFound((context) =>
    renderProblemPage(context, 404, 'There is nothing here', 'The address is not one of the demo’s.'),
  );
  app.onError((_error, context) =>
    renderProblemPage(
      context,
      500,
      'The demo failed',
      'Is everything that `npm start` started still running?',
    ),
  );
  return {
    app,
    async close() {
      operator?.close();
      await deps.alter.app.close();
    },
  };
}

function createSignedInRoutes(deps: DemoDeps): Hono<SignedIn> {
  const routes = new Hono<SignedIn>();
  routes.use(async (context, next) => {
    const session = findSession(context, deps.sessions);
    if (session?.user) {
      context.set('session', session as SignedInSession);
      return next();
    }
    return context.req.path === '/' ? context.html(renderWelcomePage()) : context.redirect('/', 303);
  });
  routes.route('/', createPageRoutes(deps));
  routes.route('/', createActionRoutes(deps));
  return routes;
}
