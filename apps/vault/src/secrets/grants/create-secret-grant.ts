import type { CreateSecretGrantRequest } from '@alter-ai/core-contract';
import { uuidv7 } from 'uuidv7';
import type { AuditEvent } from '../../audit/audit-event.js';
import { computeGrantExpiry, readLifetime } from '../../connect/session/session-request.js';
import type { VaultDeps } from '../../deps.js';
import { ApiError } from '../../http/api-error.js';
import { verifyUserToken } from '../../identity/verify-user-token.js';
import type { ManagedSecretSettings } from '../../settings/managed-secrets/build-managed-secret.js';
import type { AppSettings } from '../../settings/settings-reader.js';
import { markProxyOnly } from '../../storage/secrets/mark-proxy-only.js';
import { findSecretCredential, listSecretCredentials } from '../../storage/secrets/secret-credentials.js';
import { insertSecretGrant, type SecretGrantInput } from '../../storage/secrets/secret-grants.js';
import { writeGroupId } from '../secret-principal.js';
import { recordThenStore } from './record-grant.js';
import { refuseRuledCredential } from './refuse-ruled.js';
import { checkLabel, refuseTakenLabel } from './taken-label.js';

/** Who asks for which grant. */
export interface CreateSecretGrantInput {
  readonly settings: AppSettings;
  /** Id of the managed secret, or its slug. */
  readonly secretId: string;
  readonly request: CreateSecretGrantRequest;
  /** Further fields of the audit record: caller, address, request. */
  readonly record: Partial<AuditEvent>;
}

/**
 * Grants a managed secret to the app, a user or a group (wire/2 section 7.5). Grants of one principal on one secret differ
 * by label.
 * @throws ApiError `secret_not_found`, `secret_not_stored`, `credential_id_required`, `end_user_credential_not_assignable`,
 * `mint_source_has_grant_rules`, `sibling_label_conflict`, `invalid_grant_policy`, `jwt_validation_error`, `not_supported_yet`, `invalid_request`
 */
export async function createSecretGrant(
  deps: VaultDeps,
  input: CreateSecretGrantInput,
): Promise<SecretGrantInput> {
  const { settings, request } = input;
  const secret =
    settings.managedSecretsById.get(input.secretId) ?? settings.managedSecrets.get(input.secretId);
  if (!secret) throw new ApiError('secret_not_found');
  const nowMs = deps.clock();
  const lifetime = readLifetime(request.grant_policy ?? null, nowMs);
  const principal = await resolvePrincipal(deps, settings, request.principal);
  const credentialId = await chooseCredential(deps, settings, secret, request.credential_id ?? null);
  await refuseRuledCredential(deps, settings, credentialId);
  const isProxyOnly = request.grant_policy?.proxy_only === true;
  const grant: SecretGrantInput = {
    appId: settings.appId,
    id: uuidv7(),
    secretId: secret.id,
    slug: secret.slug,
    credentialId,
    ...principal,
    label: request.principal.label ?? null,
    expiresAtMs: computeGrantExpiry(lifetime, null, nowMs),
    policy: {
      created_by: 'developer',
      created_at: new Date(nowMs).toISOString(),
      ...(lifetime?.maxSeconds ? { max_ttl_seconds: lifetime.maxSeconds } : {}),
    },
    nowMs,
  };
  const siblings = {
    app_id: grant.appId,
    principal_type: grant.principalType,
    principal_id: grant.principalId,
    provider_config_id: secret.id,
    issuer: '',
    subject: '',
  };
  await checkLabel(deps.storage.db, siblings, grant.label);
  const event: AuditEvent = {
    ...input.record,
    kind: 'grant.created',
    appId: settings.appId,
    grantId: grant.id,
    providerId: secret.slug,
    userId: grant.principalType === 'user' ? grant.principalId : undefined,
    principal: grant.principalType === 'system' ? 'system' : `${grant.principalType}:${grant.principalId}`,
    credentialKind: secret.definition.kind,
    details: {
      label: grant.label,
      credential_id: credentialId,
      ...(isProxyOnly ? { proxy_only: true } : {}),
    },
  };
  await recordThenStore(deps, event, () =>
    refuseTakenLabel(grant.label, () =>
      deps.storage.transaction(async (trx) => {
        await insertSecretGrant(trx, grant);
        if (isProxyOnly) await markProxyOnly(trx, { appId: grant.appId, credentialId });
      }),
    ),
  );
  return grant;
}

async function resolvePrincipal(
  deps: VaultDeps,
  settings: AppSettings,
  principal: CreateSecretGrantRequest['principal'],
): Promise<Pick<SecretGrantInput, 'principalType' | 'principalId'>> {
  switch (principal.type) {
    case 'system':
      return { principalType: 'system', principalId: 'system' };
    case 'user': {
      const user = await verifyUserToken(deps, { settings, token: principal.user_token });
      return { principalType: 'user', principalId: user.userId };
    }
    case 'group': {
      const idp = settings.identityProvider;
      if (!idp || idp.id !== principal.idp_id) {
        const message = "principal.idp_id: is not the id of this app's identity provider";
        throw new ApiError('invalid_request', { message, fields: { field: 'principal.idp_id' } });
      }
      return { principalType: 'group', principalId: writeGroupId(idp.issuer, principal.external_group_id) };
    }
    case 'agent':
      throw new ApiError('not_supported_yet', {
        message: 'principal.type agent is not supported by this server yet.',
        fields: { field: 'principal.type' },
      });
  }
}

async function chooseCredential(
  deps: VaultDeps,
  settings: AppSettings,
  secret: ManagedSecretSettings,
  wantedId: string | null,
): Promise<string> {
  const { appId } = settings;
  if (wantedId !== null) {
    const key = { appId, secretId: secret.id, credentialId: wantedId };
    const wanted = await findSecretCredential(deps.storage, key);
    if (!wanted) throw new ApiError('secret_not_found', { message: 'There is no such credential.' });
    if (wanted.owner === 'end_user') throw new ApiError('end_user_credential_not_assignable');
    return wanted.id;
  }
  const stored = await listSecretCredentials(deps.storage, appId, secret.id);
  const [only, second] = stored;
  if (!only) throw new ApiError('secret_not_stored');
  if (second) {
    const credentials = stored.map(({ id, label }) => ({ id, label }));
    throw new ApiError('credential_id_required', { fields: { details: { credentials } } });
  }
  return only.id;
}
