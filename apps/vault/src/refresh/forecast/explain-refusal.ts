import type { ProviderDefinition } from '@alter-ai/oauth-providers';
import type { CredentialRow } from '../../storage/live/credentials.js';

/** Why a provider says `invalid_grant`, as far as times tell. */
export type RefusalReason =
  /** The refresh token's stated end had passed. */
  | 'refresh_token_expired'
  /** It had lived as long as this provider lets any live. */
  | 'refresh_token_lifetime'
  /** It died at the age at which this provider ends grants of an app that it has not published. */
  | 'app_in_testing'
  /** It had not been used for longer than this provider allows. */
  | 'refresh_token_idle'
  /** No limit explains it: the user, an administrator or the provider took it back. */
  | 'revoked_elsewhere';

type Facts = Pick<
  ProviderDefinition,
  'refresh_token_idle_seconds' | 'refresh_token_ttl_seconds' | 'testing_grant_ttl_seconds'
>;
type Row = Pick<CredentialRow, 'refresh_expires_at' | 'authorized_at' | 'access_issued_at' | 'created_at'>;

/** How far from its nominal age a grant of an unpublished app may die and still be taken for one. */
const testingToleranceMs = 12 * 3_600_000;

/** Evidence of a death by `invalid_grant`: the ages, and the likely reason. */
export function explainRefusal(
  row: Row,
  facts: Facts,
  nowMs: number,
): { likely_reason: RefusalReason; token_age_seconds: number; grant_age_seconds: number } {
  const grantAgeMs = nowMs - (row.authorized_at ?? row.created_at);
  return {
    likely_reason: findReason(row, facts, { nowMs, grantAgeMs }),
    token_age_seconds: Math.round((nowMs - row.access_issued_at) / 1000),
    grant_age_seconds: Math.round(grantAgeMs / 1000),
  };
}

function findReason(row: Row, facts: Facts, at: { nowMs: number; grantAgeMs: number }): RefusalReason {
  const isOver = (seconds: number | undefined, ageMs: number) =>
    seconds !== undefined && ageMs >= seconds * 1000;
  if (row.refresh_expires_at !== null && row.refresh_expires_at <= at.nowMs) return 'refresh_token_expired';
  if (isOver(facts.refresh_token_ttl_seconds, at.grantAgeMs)) return 'refresh_token_lifetime';
  const testingSeconds = facts.testing_grant_ttl_seconds;
  if (testingSeconds !== undefined && Math.abs(at.grantAgeMs - testingSeconds * 1000) <= testingToleranceMs) {
    return 'app_in_testing';
  }
  if (isOver(facts.refresh_token_idle_seconds, at.nowMs - row.access_issued_at)) return 'refresh_token_idle';
  return 'revoked_elsewhere';
}
