import { pageEndpoints } from '@alter-ai/core-contract';
import { findSession, waitForSession } from '../../connect/session/poll-session.js';
import { readSessionRequest } from '../../connect/session/session-request.js';
import { ApiError } from '../../http/api-error.js';
import { page, type RequestContext, type RouteRegistration, route } from '../../http/route.js';

/**
 * Lets the pages of the session's origins read the answer. A preflight cannot name the session, so it is answered for any origin; it
 * gives away nothing.
 */
async function allowOrigin(context: RequestContext, sessionToken: string): Promise<void> {
  const origin = context.header('origin');
  if (!origin) return;
  const row = await findSession(context.deps, sessionToken);
  if (row) {
    const { allowedOrigin } = readSessionRequest(row.request_json);
    const settings = await context.deps.settings.loadCurrent(row.app_id);
    const origins = allowedOrigin ? [allowedOrigin] : settings.allowedOrigins;
    if (!origins.includes(origin))
      throw new ApiError('forbidden', { message: 'This origin is not one of the session.' });
  }
  context.setHeader('Access-Control-Allow-Origin', origin);
  context.setHeader('Vary', 'Origin');
}

/** A waiting call ends when its caller hangs up, or at once when the server stops (F3). */
function endOfWait({ deps, raw }: RequestContext): AbortSignal {
  const { signal } = raw.req.raw;
  return deps.stopping ? AbortSignal.any([signal, deps.stopping]) : signal;
}

/** How the page that opened the popup learns how it ended (C1). */
export const routes: readonly RouteRegistration[] = [
  route(
    pageEndpoints.connectStatus,
    async (context, body) => {
      await allowOrigin(context, body.session_token);
      return waitForSession(context.deps, {
        sessionToken: body.session_token,
        waitMs: body.wait_ms ?? 0,
        signal: endOfWait(context),
      });
    },
    { perMinuteMax: 240 },
  ),
  page('OPTIONS', pageEndpoints.connectStatus.path, (context) => {
    const origin = context.header('origin');
    return new Response(null, {
      status: 204,
      headers: {
        ...(origin ? { 'Access-Control-Allow-Origin': origin, Vary: 'Origin' } : {}),
        'Access-Control-Allow-Methods': 'POST',
        'Access-Control-Allow-Headers': 'content-type',
        'Access-Control-Max-Age': '600',
      },
    });
  }),
];
