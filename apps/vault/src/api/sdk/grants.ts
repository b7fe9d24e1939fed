import { type ProviderRevocation, sdkEndpoints, uuidSchema } from '@alter-ai/core-contract';
import { listGrants } from '../../grants/list-grants.js';
import { revokeGrant } from '../../grants/revoke-grant.js';
import { ApiError } from '../../http/api-error.js';
import { route } from '../../http/route.js';
import { describeCaller } from '../../http/signed/describe-caller.js';
import { verifyUserToken } from '../../identity/verify-user-token.js';

const outcomes: Record<ProviderRevocation, string> = {
  confirmed: 'The grant was revoked, here and at the provider.',
  failed: 'The grant was revoked here; the provider did not confirm it.',
  not_supported: 'The grant was revoked here; the provider offers no revocation.',
  kept_for_other_grants:
    'The grant was revoked here; at the provider the access stays for another grant of the same account.',
};

/** `POST /sdk/grants/list` and `POST /sdk/oauth/grants/{grant_id}/revoke`. */
export const routes = [
  route(sdkEndpoints.listGrants, async ({ deps, caller }, body) =>
    listGrants(deps, await deps.settings.load(caller.appId, caller.appVersion), body),
  ),
  route(sdkEndpoints.revokeGrant, async (context, body) => {
    const { deps, caller } = context;
    const grantId = context.params.grant_id ?? '';
    const settings = await deps.settings.load(caller.appId, caller.appVersion);
    const user = body.user_token
      ? await verifyUserToken(deps, { settings, token: body.user_token })
      : undefined;
    if (!uuidSchema.safeParse(grantId).success) throw new ApiError('grant_not_found');
    const revoked = await revokeGrant(deps, {
      appId: caller.appId,
      grantId,
      userId: user?.userId,
      reason: body.reason,
      revokedBy: `api_key:${caller.apiKeyId}`,
      record: describeCaller(context),
    });
    return {
      success: true,
      message: outcomes[revoked.providerRevocation],
      grant_id: revoked.grantId,
      revoked_at: new Date(revoked.revokedAtMs).toISOString(),
      provider_revocation: revoked.providerRevocation,
    };
  }),
];
