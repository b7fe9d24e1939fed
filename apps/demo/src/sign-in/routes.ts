import { type Context, Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { renderProblemPage } from '../pages/layout.js';
import { type IdentityProvider, signInCallbackPath } from './identity-provider.js';
import type { DemoSession, Sessions } from './sessions.js';

/** Not the name of any other server's cookie: cookies do not tell ports apart. */
export const sessionCookie = 'alter_demo_session';

const signInMs = 10 * 60_000;

/** The session of the browser that asks. */
export function findSession(context: Context, sessions: Sessions): DemoSession | undefined {
  return sessions.find(getCookie(context, sessionCookie));
}

/** `/sign-in`, its callback and `/sign-out`. */
export function createSignInRoutes(
  identityProvider: IdentityProvider,
  sessions: Sessions,
  now: () => number,
): Hono {
  const routes = new Hono();

  routes.get('/sign-in', async (context) => {
    const { location, pending } = await identityProvider.begin();
    const session = sessions.create(signInMs);
    session.pending = pending;
    keepSession(context, session);
    return context.redirect(location, 303);
  });

  routes.get(signInCallbackPath, async (context) => {
    const before = findSession(context, sessions);
    if (!before?.pending) {
      return renderProblemPage(context, 400, 'This sign-in is over', 'It was finished, or it took too long.');
    }
    // One try for each sign-in, and never the same session id before and after it.
    sessions.end(before.id);
    deleteCookie(context, sessionCookie);
    try {
      const user = await identityProvider.complete(new URL(context.req.url), before.pending);
      const session = sessions.create(user.expiresAtMs - now());
      session.user = user;
      keepSession(context, session);
    } catch {
      return renderProblemPage(
        context,
        400,
        'You are not signed in',
        'The identity provider did not confirm who you are, or you chose to cancel.',
      );
    }
    return context.redirect('/', 303);
  });

  routes.post('/sign-out', (context) => {
    const session = findSession(context, sessions);
    if (session) sessions.end(session.id);
    deleteCookie(context, sessionCookie);
    return context.redirect('/', 303);
  });

  return routes;
}

function keepSession(context: Context, session: DemoSession): void {
  const isSecure = new URL(context.req.url).protocol === 'https:';
  setCookie(context, sessionCookie, session.id, {
    httpOnly: true,
    sameSite: 'Lax',
    path: '/',
    secure: isSecure,
  });
}
