import { type GrantItem, sdkEndpoints } from '@alter-ai/core-contract';
import { type GrantPolicy, readGrantPolicy } from '../connect/connect-result.js';
import { type EitherSpelling, type OptionNames, readOptions } from '../options/option-names.js';
import { resolveUserToken } from '../options/user-token.js';
import { callEndpoint } from '../vault/call-endpoint.js';
import { requireOpen, type VaultClient } from '../vault/vault-client.js';

/** Which grants to list; all conditions hold together. */
export interface GrantFilter {
  readonly providerId?: string | undefined;
  /** `active`, `expired`, `revoked` or `needs_reauth`. */
  readonly status?: string | undefined;
  /** The account's identifier. */
  readonly account?: string | undefined;
  readonly label?: string | undefined;
  /** Lists this user's grants only; the getter's token where absent. */
  readonly endUserToken?: string | undefined;
}

/** Options of `App.listGrants`. */
export interface ListGrantsOptions extends GrantFilter {
  /** Grants per page, 1 to 1,000; 100 by default. */
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

/** What a grant on a managed secret rests on. */
export interface ManagedSecretInfo {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly credentialId: string;
  readonly credentialLabel: string | null;
  /** Who stored the credential: the developer, or the user on the key entry page. */
  readonly credentialKind: 'developer' | 'end_user';
}

/** One grant (wire/2 §6.1); times are ISO 8601. */
export interface GrantInfo {
  readonly grantKind: 'oauth' | 'managed_secret';
  readonly grantId: string;
  /** Of a managed secret its slug. */
  readonly providerId: string;
  readonly status: 'active' | 'expired' | 'revoked' | 'needs_reauth';
  readonly createdAt: string;
  readonly principalType: 'user' | 'system' | 'group' | 'agent';
  readonly scopes: readonly string[];
  readonly accountIdentifier: string | null;
  readonly accountDisplayName: string | null;
  readonly apiBaseUrl: string | undefined;
  /** A scope that the app needs is missing. */
  readonly scopeMismatch: boolean;
  /** The account has to be connected again. */
  readonly needsReconnect: boolean;
  /** End of the provider's token. */
  readonly expiresAt: string | null;
  /** End of the grant. */
  readonly grantExpiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly label: string | null;
  readonly grantPolicy: GrantPolicy | undefined;
  /** The credential does not leave the vault: use `proxyRequest`. False where the server does not tell. */
  readonly proxyOnly: boolean;
  /** Only of grants on managed secrets. */
  readonly managedSecret: ManagedSecretInfo | undefined;
}

/** One page of grants. */
export interface GrantPage {
  readonly grants: readonly GrantInfo[];
  /** Grants in all pages. */
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
  readonly hasMore: boolean;
}

const filterNames: OptionNames<GrantFilter> = {
  providerId: true,
  status: true,
  account: true,
  label: true,
  endUserToken: true,
};
const optionNames: OptionNames<ListGrantsOptions> = { ...filterNames, limit: true, offset: true };

/** `App.listGrants`: one page (wire/2 §6). */
export async function listGrants(
  client: VaultClient,
  given: EitherSpelling<ListGrantsOptions> | undefined,
): Promise<GrantPage> {
  requireOpen(client);
  const { providerId, status, account, label, endUserToken, limit, offset } = readOptions<ListGrantsOptions>(
    given,
    optionNames,
  );
  const userToken = await resolveUserToken(endUserToken, client.settings.userTokenGetter);
  const answer = await callEndpoint(client, sdkEndpoints.listGrants, {
    body: {
      limit: limit ?? 100,
      offset: offset ?? 0,
      provider_id: providerId,
      status,
      account,
      label,
      user_token: userToken,
    },
  });
  return {
    grants: answer.grants.map(readGrantInfo),
    total: answer.total,
    limit: answer.limit,
    offset: answer.offset,
    hasMore: answer.has_more,
  };
}

/**
 * `App.listAllGrants`: every grant of every page, each once. Grants may be revoked while it runs: when the total
 * shrinks, the pages have moved and are read again from the start.
 */
export async function* listAllGrants(
  client: VaultClient,
  given: EitherSpelling<GrantFilter> | undefined,
): AsyncGenerator<GrantInfo, void, undefined> {
  const filter = readOptions<GrantFilter>(given, filterNames);
  const seen = new Set<string>();
  let offset = 0;
  let totalBefore = 0;
  for (;;) {
    const page: GrantPage = await listGrants(client, { ...filter, offset });
    for (const grant of page.grants) {
      if (seen.has(grant.grantId)) continue;
      seen.add(grant.grantId);
      yield grant;
    }
    const hasShrunk = page.total < totalBefore;
    totalBefore = page.total;
    if (hasShrunk && offset > 0) offset = 0;
    else if (page.hasMore && page.grants.length > 0) offset += page.grants.length;
    else return;
  }
}

function readGrantInfo(wire: GrantItem): GrantInfo {
  const common = {
    grantKind: wire.grant_kind,
    grantId: wire.grant_id,
    status: wire.status,
    createdAt: wire.created_at,
    principalType: wire.principal_type,
    grantExpiresAt: wire.grant_expires_at,
    lastUsedAt: wire.last_used_at,
    label: wire.label,
    grantPolicy: readGrantPolicy(wire.grant_policy),
    proxyOnly: wire.proxy_only === true,
  };
  if (wire.grant_kind === 'managed_secret') {
    return {
      ...common,
      providerId: wire.managed_secret_slug,
      scopes: [],
      accountIdentifier: null,
      accountDisplayName: null,
      apiBaseUrl: undefined,
      scopeMismatch: false,
      needsReconnect: wire.status === 'needs_reauth',
      expiresAt: null,
      managedSecret: {
        id: wire.managed_secret_id,
        slug: wire.managed_secret_slug,
        name: wire.managed_secret_name,
        credentialId: wire.credential_id,
        credentialLabel: wire.credential_label,
        credentialKind: wire.credential_kind,
      },
    };
  }
  return {
    ...common,
    providerId: wire.provider_id,
    scopes: wire.scopes,
    accountIdentifier: wire.account_identifier,
    accountDisplayName: wire.account_display_name,
    apiBaseUrl: wire.api_base_url,
    scopeMismatch: wire.scope_mismatch,
    needsReconnect: wire.needs_reconnect,
    expiresAt: wire.expires_at,
    managedSecret: undefined,
  };
}
