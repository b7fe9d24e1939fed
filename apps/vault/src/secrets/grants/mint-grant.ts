import type { MintedGrant, MintGrantRequest } from '@alter-ai/core-contract';
import { uuidv7 } from 'uuidv7';
import type { AuditEvent } from '../../audit/audit-event.js';
import { computeGrantExpiry, readLifetime } from '../../connect/session/session-request.js';
import type { VaultDeps } from '../../deps.js';
import { toIso, toIsoOrNull } from '../../grants/grant-facts.js';
import { ApiError } from '../../http/api-error.js';
import { findGrantById, holdGrant } from '../../storage/live/grants/grants.js';
import { markProxyOnly } from '../../storage/secrets/mark-proxy-only.js';
import { hasSiblingLabel, insertSibling, LabelTakenError } from '../../storage/secrets/secret-grants.js';
import { recordThenStore } from './record-grant.js';
import { refuseRuledCredential } from './refuse-ruled.js';
import { checkLabel, refuseTakenLabel } from './taken-label.js';

/** Whose grant is to have a sibling. */
export interface MintGrantInput {
  readonly appId: string;
  readonly sourceId: string;
  readonly request: MintGrantRequest;
  readonly record: Partial<AuditEvent>;
}

/**
 * Makes another grant on the credential of a grant, for the same principal: to be revoked and to expire by itself
 * (wire/2 section 7.2). It never outlives its source, whose user allowed no more.
 * @throws ApiError `grant_not_found` (revoked ones too), `grant_expired`, `mint_source_has_grant_rules`, `sibling_label_conflict`,
 * `invalid_grant_policy`
 */
export async function mintGrant(deps: VaultDeps, input: MintGrantInput): Promise<MintedGrant> {
  const { appId, request } = input;
  const nowMs = deps.clock();
  const source = await findGrantById(deps.storage, appId, input.sourceId);
  if (source?.status !== 'active') throw new ApiError('grant_not_found');
  if (source.expires_at !== null && source.expires_at <= nowMs) {
    throw new ApiError('grant_expired', { fields: { grant_id: source.id, provider_id: source.provider_id } });
  }
  await refuseRuledCredential(deps, await deps.settings.loadCurrent(appId), source.credential_id);
  const lifetime = readLifetime(request.grant_policy ?? null, nowMs);
  const wanted = computeGrantExpiry(lifetime, null, nowMs);
  const expiresAtMs =
    wanted === null || source.expires_at === null
      ? (wanted ?? source.expires_at)
      : Math.min(wanted, source.expires_at);
  const { label } = request;
  const tags = request.grant_tags ?? [];
  const policy = {
    created_by: 'developer',
    created_at: toIso(nowMs),
    ...(lifetime?.maxSeconds ? { max_ttl_seconds: lifetime.maxSeconds } : {}),
    ...(tags.length > 0 ? { tags } : {}),
  } as const;
  const isProxyOnly = request.grant_policy?.proxy_only === true;
  const id = uuidv7();
  await checkLabel(deps.storage.db, source, label);
  const event: AuditEvent = {
    ...input.record,
    kind: 'grant.created',
    appId,
    grantId: id,
    providerId: source.provider_id,
    userId: source.principal_type === 'user' ? source.principal_id : undefined,
    details: {
      minted_from: source.id,
      label,
      ...(tags.length > 0 ? { tags } : {}),
      ...(isProxyOnly ? { proxy_only: true } : {}),
    },
  };
  await recordThenStore(deps, event, () =>
    refuseTakenLabel(label, () =>
      deps.storage.transaction(async (trx) => {
        // Revoked since it was read: there would be a live grant on an ended credential.
        if (!(await holdGrant(trx, appId, source.id))) throw new ApiError('grant_not_found');
        if (await hasSiblingLabel(trx, source, label)) throw new LabelTakenError();
        await insertSibling(trx, source, { id, label, expiresAtMs, policy, nowMs });
        if (isProxyOnly) await markProxyOnly(trx, { appId, credentialId: source.credential_id });
      }),
    ),
  );
  return {
    grant_id: id,
    provider_id: source.provider_id,
    status: 'active',
    created_at: toIso(nowMs),
    principal_type: source.principal_type,
    scopes: JSON.parse(source.scopes_json) as string[],
    account_identifier: source.account_identifier === '' ? null : source.account_identifier,
    account_display_name: source.account_display_name,
    scope_mismatch: source.mismatch_json !== null,
    expires_at: toIsoOrNull(expiresAtMs),
    last_used_at: null,
    label,
    ...(source.grant_kind === 'managed_secret' ? { credential_id: source.credential_id } : {}),
    ...(expiresAtMs === null
      ? {}
      : {
          grant_policy: {
            expires_at: toIso(expiresAtMs),
            created_by: policy.created_by,
            created_at: policy.created_at,
          },
        }),
  };
}
