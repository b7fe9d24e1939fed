import type { OauthGrantItem } from '@alter-ai/core-contract';
import type { GrantState, ListedGrant } from '../storage/live/grants/grant-list.js';

/** How a grant stands at `nowMs`, whatever it rests on. */
export function findState(
  row: Pick<ListedGrant, 'status' | 'expires_at' | 'credential_status'>,
  nowMs: number,
): GrantState {
  if (row.status === 'revoked') return 'revoked';
  if (row.expires_at !== null && row.expires_at <= nowMs) return 'expired';
  return row.credential_status === 'active' ? 'active' : 'needs_reauth';
}

/** The lifetime of a grant as it is shown; nothing where it has none. */
export function describePolicy(
  row: Pick<ListedGrant, 'expires_at' | 'policy_json'>,
): Pick<OauthGrantItem, 'grant_policy'> {
  if (row.expires_at === null) return {};
  const policy = JSON.parse(row.policy_json ?? '{}') as { created_by?: unknown; created_at?: unknown };
  const createdBy = policy.created_by;
  return {
    grant_policy: {
      expires_at: toIso(row.expires_at),
      ...(createdBy === 'developer' || createdBy === 'end_user' ? { created_by: createdBy } : {}),
      ...(typeof policy.created_at === 'string' ? { created_at: policy.created_at } : {}),
    },
  };
}

/** A time as the protocol writes it. */
export function toIso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** The same for a time that may be none. */
export function toIsoOrNull(timeMs: number | null): string | null {
  return timeMs === null ? null : toIso(timeMs);
}
