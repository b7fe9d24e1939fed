import type { ProviderDefinition } from '@alter-ai/oauth-providers';
import type { CredentialTable, GrantTable } from '../../storage/tables/live-tables.js';

/** Why a grant will need its user. */
export type ForecastCause =
  /** The credential is dead: see its cause of death. */
  | 'credential_dead'
  /** The provider has said that a scope is missing. */
  | 'scope_mismatch'
  /** The grant's own lifetime ends. */
  | 'grant_lifetime'
  /** The access token ends, and there is nothing to refresh it with. */
  | 'no_refresh_token'
  /** The provider refused the refresh token once; the second answer decides. */
  | 'refused_once'
  /** The refresh token ends, and refreshing does not move its end, or has not yet shown to. */
  | 'refresh_token_expiry'
  /** The provider lets no refresh token, nor those that follow it, live longer. */
  | 'refresh_token_lifetime'
  /** The provider ends refresh tokens that are not used, and refreshing fails now. */
  | 'refresh_token_idle';

/** `certain`: stated or done; `high`: a rule of the provider; `medium`: if nothing changes. */
export type ForecastConfidence = 'certain' | 'high' | 'medium';

/** When and why a grant will need its user. */
export interface Forecast {
  /** Ms since 1970; null: now. */
  readonly atMs: number | null;
  readonly cause: ForecastCause;
  readonly confidence: ForecastConfidence;
}

/** What it is foretold from. Times are ms since 1970. */
export interface ForecastFacts {
  readonly grant: Pick<GrantTable, 'expires_at' | 'mismatch_json'>;
  readonly credential: Pick<
    CredentialTable,
    | 'status'
    | 'death_cause'
    | 'access_expires_at'
    | 'access_issued_at'
    | 'refresh_expires_at'
    | 'refresh_expiry_kind'
    | 'authorized_at'
    | 'has_refresh_token'
    | 'invalid_grant_at'
    | 'failures'
  >;
  readonly definition: Pick<ProviderDefinition, 'refresh_token_idle_seconds' | 'refresh_token_ttl_seconds'>;
}

type Rule = (facts: ForecastFacts) => Forecast | undefined;

/** Each rule knows one cause; the earliest need counts, and of several at once the first here. */
const rules: readonly Rule[] = [
  ({ credential }) => {
    if (credential.status === 'active') return undefined;
    // What the holder took with it is not known; until its end the old access token works (R4).
    const isUsable = credential.death_cause === 'interrupted_refresh';
    return {
      atMs: isUsable ? credential.access_expires_at : null,
      cause: 'credential_dead',
      confidence: 'certain',
    };
  },
  ({ grant }) =>
    grant.mismatch_json === null ? undefined : { atMs: null, cause: 'scope_mismatch', confidence: 'certain' },
  ({ grant }) => at(grant.expires_at, 'grant_lifetime', 'certain'),
  ({ credential }) =>
    credential.has_refresh_token === 0
      ? at(credential.access_expires_at, 'no_refresh_token', 'certain')
      : undefined,
  ({ credential }) =>
    credential.invalid_grant_at === null
      ? undefined
      : { atMs: null, cause: 'refused_once', confidence: 'medium' },
  ({ credential }) => {
    if (credential.has_refresh_token === 0 || credential.refresh_expiry_kind === 'renewed') return undefined;
    const confidence = credential.refresh_expiry_kind === 'fixed' ? 'high' : 'medium';
    return at(credential.refresh_expires_at, 'refresh_token_expiry', confidence);
  },
  ({ credential, definition }) => {
    const seconds = definition.refresh_token_ttl_seconds;
    if (credential.has_refresh_token === 0 || seconds === undefined) return undefined;
    const fromMs = credential.authorized_at ?? credential.access_issued_at;
    return at(fromMs + seconds * 1000, 'refresh_token_lifetime', 'high');
  },
  ({ credential, definition }) => {
    const seconds = definition.refresh_token_idle_seconds;
    // While refreshing works the background job keeps it alive.
    if (credential.has_refresh_token === 0 || seconds === undefined || credential.failures === 0)
      return undefined;
    return at(credential.access_issued_at + seconds * 1000, 'refresh_token_idle', 'medium');
  },
];

/** Foretells when a live grant will need its user; null: nothing known will end it. */
export function forecastNeed(facts: ForecastFacts): Forecast | null {
  let soonest: Forecast | null = null;
  for (const rule of rules) {
    const forecast = rule(facts);
    if (forecast && (soonest === null || toTime(forecast) < toTime(soonest))) soonest = forecast;
  }
  return soonest;
}

function at(atMs: number | null, cause: ForecastCause, confidence: ForecastConfidence): Forecast | undefined {
  return atMs === null ? undefined : { atMs, cause, confidence };
}

function toTime(forecast: Forecast): number {
  return forecast.atMs ?? 0;
}
