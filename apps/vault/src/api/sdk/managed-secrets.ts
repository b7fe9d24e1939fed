import { sdkEndpoints, uuidSchema } from '@alter-ai/core-contract';
import { ApiError } from '../../http/api-error.js';
import { type RouteRegistration, route } from '../../http/route.js';
import { describeCaller } from '../../http/signed/describe-caller.js';
import { createSecretGrant } from '../../secrets/grants/create-secret-grant.js';
import { mintGrant } from '../../secrets/grants/mint-grant.js';
import { startSecretSession } from '../../secrets/key-entry/start-secret-session.js';

/** Grants on managed secrets, siblings of grants, and sessions in which a user enters a key. */
export const routes: readonly RouteRegistration[] = [
  route(sdkEndpoints.createSecretGrant, async (context, body) => {
    const { deps, caller, params } = context;
    const grant = await createSecretGrant(deps, {
      settings: await deps.settings.load(caller.appId, caller.appVersion),
      secretId: params.managed_secret_id ?? '',
      request: body,
      record: describeCaller(context),
    });
    return {
      grant_id: grant.id,
      principal_type: grant.principalType,
      label: grant.label,
      created_at: new Date(grant.nowMs).toISOString(),
      credential_id: grant.credentialId,
    };
  }),
  route(sdkEndpoints.mintGrant, async (context, body) => {
    const sourceId = context.params.grant_id ?? '';
    if (!uuidSchema.safeParse(sourceId).success) throw new ApiError('grant_not_found');
    const { appId } = context.caller;
    return mintGrant(context.deps, { appId, sourceId, request: body, record: describeCaller(context) });
  }),
  route(
    sdkEndpoints.createSecretSession,
    (context, body) =>
      startSecretSession(context.deps, {
        caller: context.caller,
        body,
        record: describeCaller(context),
      }),
    { perMinuteMax: 120 },
  ),
];
