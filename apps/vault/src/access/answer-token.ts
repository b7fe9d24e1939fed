import type { TokenResponse } from '@alter-ai/core-contract';
import { findMissingScopes } from '@alter-ai/oauth-providers';
import type { ReleasedTokens } from '../grants/stored-tokens.js';
import type { ProviderSettings } from '../settings/settings-reader.js';
import type { UsableGrant } from '../storage/live/grants/usable-grant.js';

/** What a provider's definition says about every answer; the same for all its grants. */
interface PlacementFields {
  readonly injection_header: string;
  readonly injection_format: string;
  readonly additional_injections?: TokenResponse['additional_injections'];
  readonly required_headers?: Record<string, string>;
}

const placements = new WeakMap<ProviderSettings, PlacementFields>();

/** Writes the answer of `POST /sdk/token` (wire/1 section 5.3); fields without a value are left out. */
export function answerToken(
  grant: UsableGrant,
  provider: ProviderSettings,
  tokens: ReleasedTokens,
  facts: { allowedHosts: readonly string[]; nowMs: number },
): TokenResponse {
  const expiresAtMs = findEarlier(grant.access_expires_at, grant.grant_expires_at);
  const scopes = JSON.parse(grant.scopes_json) as string[];
  return {
    access_token: tokens.access_token,
    grant_id: grant.grant_id,
    token_type: tokens.token_type?.trim() || 'Bearer',
    expires_in: expiresAtMs === null ? null : Math.max(0, Math.floor((expiresAtMs - facts.nowMs) / 1000)),
    expires_at: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
    scopes,
    provider_id: grant.provider_id,
    scope_mismatch: lacksRequiredScope(provider, scopes),
    token_generation: grant.token_generation,
    allowed_hosts: [...facts.allowedHosts],
    ...readPlacement(provider),
    ...(tokens.additional === undefined ? {} : { additional_credentials: { ...tokens.additional } }),
  };
}

/** Scopes that the app requires of this provider and the grant does not have (decisions.md "Provider scopes"). */
export function listMissingScopes(provider: ProviderSettings, granted: readonly string[]): string[] {
  const required = provider.scopes.filter(({ required }) => required).map(({ scope }) => scope);
  if (required.every((scope) => granted.includes(scope))) return [];
  return findMissingScopes(provider.definition, required, granted);
}

function lacksRequiredScope(provider: ProviderSettings, granted: readonly string[]): boolean {
  return listMissingScopes(provider, granted).length > 0;
}

function readPlacement(provider: ProviderSettings): PlacementFields {
  let fields = placements.get(provider);
  if (!fields) {
    fields = buildPlacement(provider);
    placements.set(provider, fields);
  }
  return fields;
}

function buildPlacement({ definition }: ProviderSettings): PlacementFields {
  const { token_placement: placement, required_api_headers: headers } = definition;
  const required = Object.keys(headers).length === 0 ? {} : { required_headers: headers };
  if (placement.in === 'header') {
    return { injection_header: placement.name, injection_format: placement.format, ...required };
  }
  // The protocol has no query-only mode: such providers get the token in the header as well (wire/1 section 5.4).
  return {
    injection_header: 'Authorization',
    injection_format: 'Bearer {token}',
    additional_injections: [{ target: 'query_param', key: placement.name, value_source: 'token' }],
    ...required,
  };
}

function findEarlier(first: number | null, second: number | null): number | null {
  if (first === null) return second;
  return second === null ? first : Math.min(first, second);
}
