import type { GrantItem, ListGrantsRequest, OauthGrantItem } from '@alter-ai/core-contract';
import { listApiBaseUrls } from '@alter-ai/oauth-providers';
import { listMissingScopes } from '../access/answer-token.js';
import type { VaultDeps } from '../deps.js';
import { verifyUserToken } from '../identity/verify-user-token.js';
import { describeSecretGrant } from '../secrets/grants/describe-secret-grant.js';
import { listGroupIds } from '../secrets/secret-principal.js';
import type { AppSettings, ProviderSettings } from '../settings/settings-reader.js';
import { type GrantState, type ListedGrant, listGrantRows } from '../storage/live/grants/grant-list.js';
import { describeForecast } from './describe-forecast.js';
import { describePolicy, findState, toIso, toIsoOrNull } from './grant-facts.js';

const states: ReadonlySet<string> = new Set<GrantState>(['active', 'expired', 'revoked', 'needs_reauth']);

/** One page of a list of grants. */
export interface GrantPage {
  readonly grants: GrantItem[];
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
  readonly has_more: boolean;
}

/**
 * `POST /sdk/grants/list` (wire/2 section 6): the app's grants, or with a user token only that user's and those of the
 * user's groups. Revoked ones are shown
 * when `status` asks for them.
 * @throws ApiError `jwt_validation_error`
 */
export async function listGrants(
  deps: VaultDeps,
  settings: AppSettings,
  request: ListGrantsRequest,
): Promise<GrantPage> {
  const { limit, offset } = request;
  const user = request.user_token
    ? await verifyUserToken(deps, { settings, token: request.user_token })
    : undefined;
  if (request.status !== undefined && !isGrantState(request.status)) {
    return { grants: [], total: 0, limit, offset, has_more: false };
  }
  const nowMs = deps.clock();
  const { rows, total } = await listGrantRows(
    deps.storage,
    {
      appId: settings.appId,
      userId: user?.userId,
      groupIds: listGroupIds(user),
      providerId: request.provider_id,
      state: request.status,
      account: request.account,
      label: request.label,
      nowMs,
    },
    { limit, offset },
  );
  const grants = rows.map((row) =>
    row.grant_kind === 'managed_secret'
      ? describeSecretGrant(row, settings.managedSecretsById.get(row.provider_config_id), nowMs)
      : describeGrant(row, settings.providersByConfigId.get(row.provider_config_id), nowMs),
  );
  return { grants, total, limit, offset, has_more: offset + rows.length < total };
}

function isGrantState(text: string): text is GrantState {
  return states.has(text);
}

function describeGrant(
  row: ListedGrant,
  provider: ProviderSettings | undefined,
  nowMs: number,
): OauthGrantItem {
  const scopes = JSON.parse(row.credential_scopes_json) as string[];
  const state = findState(row, nowMs);
  const lacksScope = provider !== undefined && listMissingScopes(provider, scopes).length > 0;
  const apiBaseUrl = provider && findApiBaseUrl(provider, row);
  return {
    grant_kind: 'oauth',
    grant_id: row.id,
    provider_id: row.provider_id,
    status: state,
    created_at: toIso(row.created_at),
    // A provider's account is never a group's.
    principal_type: row.principal_type === 'user' ? 'user' : 'system',
    access_via: 'ownership',
    scopes,
    account_identifier: row.account_identifier,
    account_display_name: row.account_display_name,
    ...(apiBaseUrl === undefined ? {} : { api_base_url: apiBaseUrl }),
    scope_mismatch: row.mismatch_json !== null || lacksScope,
    needs_reconnect: state === 'needs_reauth' || (state === 'active' && row.mismatch_json !== null),
    expires_at: toIsoOrNull(row.access_expires_at),
    grant_expires_at: toIsoOrNull(row.expires_at),
    last_used_at: toIsoOrNull(row.last_used_at),
    label: row.label,
    forecast: state === 'revoked' || state === 'expired' ? null : describeForecast(row, provider),
    ...describePolicy(row),
    proxy_only: provider?.isProxyOnly === true || row.is_proxy_only !== 0,
  };
}

function findApiBaseUrl(provider: ProviderSettings, row: ListedGrant): string | undefined {
  try {
    const parameters = JSON.parse(row.parameters_json) as Record<string, string>;
    const metadata = JSON.parse(row.metadata_json) as Record<string, string>;
    return listApiBaseUrls(provider.definition, parameters, metadata)[0];
  } catch {
    // Parameters that no longer fit the definition: no address is better than a wrong one.
    return undefined;
  }
}
