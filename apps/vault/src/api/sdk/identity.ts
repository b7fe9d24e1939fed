import { sdkEndpoints } from '@alter-ai/core-contract';
import { ApiError } from '../../http/api-error.js';
import { type RouteRegistration, route } from '../../http/route.js';
import { verifyUserToken } from '../../identity/verify-user-token.js';

/** The endpoint that checks a user token: it answers the subject and nothing else. */
export const routes: readonly RouteRegistration[] = [
  route(sdkEndpoints.verifyUserToken, async ({ deps, caller, sourceAddress, requestId }, body) => {
    const settings = await deps.settings.load(caller.appId, caller.appVersion);
    try {
      const user = await verifyUserToken(deps, { settings, token: body.token });
      return { sub: user.subject };
    } catch (error) {
      if (error instanceof ApiError) {
        await deps.audit.append({
          kind: 'security.user_token_refused',
          appId: caller.appId,
          apiKeyId: caller.apiKeyId,
          keyPrefix: caller.keyPrefix,
          sourceAddress,
          requestId,
          outcome: 'refused',
          errorCode: error.code,
        });
      }
      throw error;
    }
  }),
];
