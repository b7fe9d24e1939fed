import type { SecretSessionRequest, SecretSessionResponse } from '@alter-ai/core-contract';
import { uuidv7 } from 'uuidv7';
import type { AuditEvent } from '../../audit/audit-event.js';
import { isRegisteredOrigin, isRegisteredReturnUrl } from '../../connect/session/registered-addresses.js';
import {
  type KeyEntryRequest,
  readLifetime,
  type SessionRequest,
} from '../../connect/session/session-request.js';
import { createSessionToken } from '../../connect/session/session-token.js';
import type { VaultDeps } from '../../deps.js';
import { ApiError } from '../../http/api-error.js';
import type { KeyCaller } from '../../http/route.js';
import { verifyUserToken } from '../../identity/verify-user-token.js';
import type { ManagedSecretSettings } from '../../settings/managed-secrets/build-managed-secret.js';
import type { AppSettings } from '../../settings/settings-reader.js';
import { insertConnectSession } from '../../storage/live/connect-sessions.js';
import { findUserGrants } from './find-user-grants.js';

/**
 * Makes a session in which a user enters a key of their own on the hosted page (wire/2 section 4). It belongs to the user of the
 * token, so nobody else's key can end up in it.
 * @throws ApiError `secret_not_found`, `secret_template_mismatch`, `grant_not_found` (repair), `invalid_origin`,
 * `invalid_return_url`, `invalid_grant_policy`, `jwt_validation_error`, `invalid_request`
 */
export async function startSecretSession(
  deps: VaultDeps,
  input: { caller: KeyCaller; body: SecretSessionRequest; record: Partial<AuditEvent> },
): Promise<SecretSessionResponse> {
  const { caller, body } = input;
  const nowMs = deps.clock();
  const settings = await deps.settings.load(caller.appId, caller.appVersion);
  const secret = chooseSecret(settings, body);
  if (body.allowed_origin && !isRegisteredOrigin(body.allowed_origin, settings.allowedOrigins))
    throw new ApiError('invalid_origin');
  if (body.return_url && !isRegisteredReturnUrl(body.return_url, settings.returnUrls))
    throw new ApiError('invalid_return_url');
  const label = body.requested_grant?.label ?? null;
  if (body.repair_grant_id && label !== null) {
    const message = 'repair_grant_id goes with no requested_grant.';
    throw new ApiError('invalid_request', { message, fields: { field: 'repair_grant_id' } });
  }
  const lifetime = readLifetime(body.grant_policy ?? null, nowMs);
  const user = await verifyUserToken(deps, { settings, token: body.user_token });
  const keyEntry = await choosePath(deps, settings, secret, {
    userId: user.userId,
    repairGrantId: body.repair_grant_id ?? null,
    label,
  });
  const request: SessionRequest = {
    providers: [secret.slug],
    returnUrl: body.return_url ?? null,
    allowedOrigin: body.allowed_origin ?? null,
    metadata: null,
    isDirect: body.direct === true,
    isAccountSwitch: false,
    allowsUserRules: body.allow_user_policy_rules !== false,
    lifetime,
    isProxyOnly: body.grant_policy?.proxy_only === true,
    requiredScopes: {},
    label,
    repairGrantId: body.repair_grant_id ?? null,
    caller: caller.caller ?? null,
    keyEntry,
  };
  const { token, tokenHash } = createSessionToken(new URL(deps.config.publicUrl).origin, 'key_entry');
  const sessionId = uuidv7();
  const expiresAtMs = nowMs + settings.connectSessionTtlSeconds * 1000;
  await insertConnectSession(deps.storage, {
    app_id: settings.appId,
    id: sessionId,
    token_hash: tokenHash,
    user_id: user.userId,
    status: 'pending',
    request_json: JSON.stringify(request),
    results_json: '[]',
    declined_json: '[]',
    version: 1,
    created_at: nowMs,
    expires_at: expiresAtMs,
  });
  await deps.audit.append({
    ...input.record,
    kind: 'connect.session_created',
    appId: settings.appId,
    userId: user.userId,
    providerId: secret.slug,
    outcome: 'ok',
    details: { session_id: sessionId, managed_secret: secret.slug, path: keyEntry.path },
  });
  return {
    session_token: token,
    connect_url: `${deps.config.publicUrl}/sdk/oauth/connect#session=${encodeURIComponent(token)}`,
    expires_in: settings.connectSessionTtlSeconds,
    expires_at: new Date(expiresAtMs).toISOString(),
    path: keyEntry.path,
    secret_slug: secret.slug,
    existing_grant_id: keyEntry.existingGrantId,
    template_slug: secret.definition.template,
    agent_id: null,
    delegable_requested: false,
    direct: request.isDirect,
  };
}

function chooseSecret(settings: AppSettings, body: SecretSessionRequest): ManagedSecretSettings {
  const { provider, template_slug: template } = body;
  if (provider === undefined && template === undefined) {
    throw new ApiError('invalid_request', { message: 'provider: is needed', fields: { field: 'provider' } });
  }
  if (provider === undefined) {
    const made = [...settings.managedSecrets.values()].filter(
      (each) => each.definition.template === template,
    );
    const [only, second] = made;
    if (!only || second) throw new ApiError('secret_not_found', { fields: { template_slug: template } });
    return only;
  }
  const secret = settings.managedSecrets.get(provider);
  if (!secret) throw new ApiError('secret_not_found', { fields: { provider } });
  if (template !== undefined && secret.definition.template !== template) {
    throw new ApiError('secret_template_mismatch', { fields: { provider, template_slug: template } });
  }
  return secret;
}

async function choosePath(
  deps: VaultDeps,
  settings: AppSettings,
  secret: ManagedSecretSettings,
  wanted: { userId: string; repairGrantId: string | null; label: string | null },
): Promise<KeyEntryRequest> {
  const of = { appId: settings.appId, userId: wanted.userId, secretId: secret.id };
  const own = await findUserGrants(deps, of);
  if (wanted.repairGrantId !== null) {
    const repaired = own.find(({ grant }) => grant.id === wanted.repairGrantId);
    // One answer for unknown, foreign and revoked ones, and for a key that is not the user's to replace (T2).
    if (repaired?.owner !== 'end_user') throw new ApiError('grant_not_found');
    return { secretId: secret.id, path: 'repair', existingGrantId: repaired.grant.id };
  }
  const usable = own.find(
    ({ grant, isUsable }) => isUsable && (wanted.label === null || grant.label === wanted.label),
  );
  return usable
    ? { secretId: secret.id, path: 'fast_path', existingGrantId: usable.grant.id }
    : { secretId: secret.id, path: 'key_entry', existingGrantId: null };
}
