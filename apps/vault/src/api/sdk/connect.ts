import { sdkEndpoints } from '@alter-ai/core-contract';
import { pollSession } from '../../connect/session/poll-session.js';
import { startSession } from '../../connect/session/start-session.js';
import { type RouteRegistration, route } from '../../http/route.js';

/** Endpoints that make a connect session and tell how it stands. */
export const routes: readonly RouteRegistration[] = [
  route(
    sdkEndpoints.createConnectSession,
    async (context, body) => {
      const session = await startSession(context.deps, {
        caller: context.caller,
        body,
        sourceAddress: context.sourceAddress,
        requestId: context.requestId,
      });
      return {
        session_token: session.sessionToken,
        connect_url: session.connectUrl,
        expires_in: session.expiresInSeconds,
        expires_at: new Date(session.expiresAtMs).toISOString(),
        single_provider: session.isSingleProvider,
        direct: session.isDirect,
      };
    },
    { perMinuteMax: 120 },
  ),
  route(sdkEndpoints.pollConnectSession, (context, body) =>
    pollSession(context.deps, { appId: context.caller.appId, sessionToken: body.session_token }),
  ),
];
