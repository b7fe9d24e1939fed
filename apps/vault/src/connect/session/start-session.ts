import type { ConnectSessionRequest } from '@alter-ai/core-contract';
import { uuidv7 } from 'uuidv7';
import type { VaultDeps } from '../../deps.js';
import { ApiError } from '../../http/api-error.js';
import type { KeyCaller } from '../../http/route.js';
import { verifyUserToken } from '../../identity/verify-user-token.js';
import type { AppSettings, ProviderSettings } from '../../settings/settings-reader.js';
import { insertConnectSession } from '../../storage/live/connect-sessions.js';
import { findGrantById } from '../../storage/live/grants/grants.js';
import { isRegisteredOrigin, isRegisteredReturnUrl } from './registered-addresses.js';
import { copyPlainFields, readLifetime, type SessionRequest } from './session-request.js';
import { createSessionToken } from './session-token.js';

/** What a new session is answered with. */
export interface StartedSession {
  readonly sessionToken: string;
  readonly connectUrl: string;
  readonly expiresInSeconds: number;
  readonly expiresAtMs: number;
  readonly isSingleProvider: boolean;
  readonly isDirect: boolean;
}

/**
 * Makes a connect session (wire/2 §1). Everything that could go wrong later for want of configuration is refused here.
 * @throws ApiError `unknown_provider`, `provider_not_configured`, `invalid_origin`, `invalid_return_url`, `scope_not_allowed`,
 * `invalid_grant_policy`, `grant_not_found` (repair), `jwt_validation_error`, `invalid_request`.
 */
export async function startSession(
  deps: VaultDeps,
  input: { caller: KeyCaller; body: ConnectSessionRequest; sourceAddress: string; requestId: string },
): Promise<StartedSession> {
  const { caller, body } = input;
  const nowMs = deps.clock();
  const settings = await deps.settings.load(caller.appId, caller.appVersion);
  const providers = chooseProviders(settings, body.allowed_providers ?? null);
  const providerIds = providers.map((provider) => provider.providerId);
  if (body.allowed_origin && !isRegisteredOrigin(body.allowed_origin, settings.allowedOrigins))
    throw new ApiError('invalid_origin');
  if (body.return_url && !isRegisteredReturnUrl(body.return_url, settings.returnUrls))
    throw new ApiError('invalid_return_url');
  checkSingleProvider(body, providerIds);
  const requiredScopes = checkRequiredScopes(providers, body.required_scopes ?? null);
  const lifetime = readLifetime(body.grant_policy ?? null, nowMs);
  const user = body.user_token ? await verifyUserToken(deps, { settings, token: body.user_token }) : null;
  let userId = user?.userId ?? null;
  if (body.repair_grant_id)
    userId = await checkRepair(deps, caller.appId, body.repair_grant_id, providerIds, userId);

  const request: SessionRequest = {
    ...copyPlainFields(body),
    providers: providerIds,
    returnUrl: body.return_url ?? null,
    allowedOrigin: body.allowed_origin ?? null,
    isDirect: body.direct === true || Boolean(body.repair_grant_id),
    lifetime,
    requiredScopes,
    repairGrantId: body.repair_grant_id ?? null,
    caller: caller.caller ?? null,
  };
  const origin = new URL(deps.config.publicUrl).origin;
  const { token, tokenHash } = createSessionToken(origin);
  const sessionId = uuidv7();
  const expiresAtMs = nowMs + settings.connectSessionTtlSeconds * 1000;
  await insertConnectSession(deps.storage, {
    app_id: caller.appId,
    id: sessionId,
    token_hash: tokenHash,
    user_id: userId,
    status: 'pending',
    request_json: JSON.stringify(request),
    browser_hash: null,
    results_json: '[]',
    declined_json: '[]',
    error_json: null,
    sealed_mismatch: null,
    notice_json: null,
    version: 1,
    created_at: nowMs,
    expires_at: expiresAtMs,
    finished_at: null,
  });
  await deps.audit.append({
    kind: 'connect.session_created',
    appId: caller.appId,
    apiKeyId: caller.apiKeyId,
    keyPrefix: caller.keyPrefix,
    ...(caller.caller ? { caller: caller.caller } : {}),
    ...(user ? { userId: user.userId } : {}),
    sourceAddress: input.sourceAddress,
    requestId: input.requestId,
    outcome: 'ok',
    details: {
      session_id: sessionId,
      providers: providerIds,
      ...(body.metadata ? { metadata: body.metadata } : {}),
    },
  });
  return {
    sessionToken: token,
    connectUrl: `${deps.config.publicUrl}/sdk/oauth/connect#session=${encodeURIComponent(token)}`,
    expiresInSeconds: settings.connectSessionTtlSeconds,
    expiresAtMs,
    isSingleProvider: providerIds.length === 1,
    isDirect: request.isDirect,
  };
}

function chooseProviders(settings: AppSettings, wanted: readonly string[] | null): ProviderSettings[] {
  if (wanted === null) {
    const usable = [...settings.providers.values()].filter((provider) => provider.clientId !== null);
    if (usable.length > 0) return usable;
    throw new ApiError('provider_not_configured', {
      message: 'No provider is configured for this app: add one with its client id.',
    });
  }
  return [...new Set(wanted)].map((id) => {
    const provider = settings.providers.get(id);
    if (!provider) {
      throw new ApiError('unknown_provider', {
        message: `The provider "${id}" is not configured for this app.`,
        fields: { provider_id: id },
      });
    }
    if (provider.clientId === null) {
      throw new ApiError('provider_not_configured', {
        message: `The provider "${id}" is not configured: it has no client id.`,
        fields: { provider_id: id },
      });
    }
    return provider;
  });
}

function checkSingleProvider(body: ConnectSessionRequest, providerIds: readonly string[]): void {
  const refuse = (field: string, message: string) =>
    new ApiError('invalid_request', { message, fields: { field } });
  if (body.direct && providerIds.length !== 1) throw refuse('direct', 'direct needs exactly one provider.');
  if (!body.repair_grant_id) return;
  if (providerIds.length !== 1)
    throw refuse('repair_grant_id', 'repair_grant_id needs exactly one provider.');
  if (body.requested_grant || body.switch_account) {
    throw refuse('repair_grant_id', 'repair_grant_id goes with neither requested_grant nor switch_account.');
  }
}

function checkRequiredScopes(
  providers: readonly ProviderSettings[],
  wanted: Readonly<Record<string, readonly string[]>> | null,
): Record<string, readonly string[]> {
  const checked: Record<string, readonly string[]> = {};
  for (const [providerId, scopes] of Object.entries(wanted ?? {})) {
    const provider = providers.find((candidate) => candidate.providerId === providerId);
    if (!provider) {
      throw new ApiError('scope_not_allowed', {
        message: `required_scopes names "${providerId}", which this session does not offer.`,
        fields: { provider_id: providerId },
      });
    }
    const unknown = scopes.filter((scope) => !provider.scopes.some((allowed) => allowed.scope === scope));
    if (unknown.length > 0) {
      throw new ApiError('scope_not_allowed', { fields: { provider_id: providerId, scopes: unknown } });
    }
    checked[providerId] = [...new Set(scopes)];
  }
  return checked;
}

/**
 * Checks that the grant can be repaired by this session.
 * @returns the user whom the session works for: a repair without a user token keeps the grant with its own user.
 */
async function checkRepair(
  deps: VaultDeps,
  appId: string,
  grantId: string,
  providerIds: readonly string[],
  userId: string | null,
): Promise<string | null> {
  const grant = await findGrantById(deps.storage, appId, grantId);
  const ownerId = grant?.principal_type === 'user' ? grant.principal_id : null;
  const isForeign = userId !== null && ownerId !== userId;
  // One answer for unknown, foreign, revoked and another user's: nothing is learned from the difference (T2).
  if (!grant || isForeign || grant.status === 'revoked' || grant.provider_id !== providerIds[0]) {
    throw new ApiError('grant_not_found');
  }
  return ownerId;
}
