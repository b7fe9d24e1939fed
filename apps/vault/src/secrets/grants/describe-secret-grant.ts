import type { SecretGrantItem } from '@alter-ai/core-contract';
import { describePolicy, findState, toIso, toIsoOrNull } from '../../grants/grant-facts.js';
import type { ManagedSecretSettings } from '../../settings/managed-secrets/build-managed-secret.js';
import type { ListedGrant } from '../../storage/live/grants/grant-list.js';

/** A grant on a managed secret as lists show it (wire/2 section 6.1); nothing of the value. */
export function describeSecretGrant(
  row: ListedGrant,
  secret: ManagedSecretSettings | undefined,
  nowMs: number,
): SecretGrantItem {
  return {
    grant_kind: 'managed_secret',
    grant_id: row.id,
    managed_secret_id: row.provider_config_id,
    managed_secret_slug: row.provider_id,
    managed_secret_name: secret?.definition.name ?? row.provider_id,
    status: findState(row, nowMs),
    created_at: toIso(row.created_at),
    principal_type: row.principal_type,
    access_via: 'ownership',
    grant_expires_at: toIsoOrNull(row.expires_at),
    last_used_at: toIsoOrNull(row.last_used_at),
    label: row.label,
    credential_id: row.credential_id,
    credential_label: row.credential_label,
    credential_kind: row.credential_owner ?? 'developer',
    ...describePolicy(row),
    proxy_only: secret?.definition.proxy_only === true || row.is_proxy_only !== 0,
  };
}
