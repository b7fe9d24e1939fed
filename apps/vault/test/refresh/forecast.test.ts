import { describe, expect, it } from 'vitest';
import { judgeExpiryKind } from '../../src/refresh/forecast/expiry-kind.js';
import { explainRefusal } from '../../src/refresh/forecast/explain-refusal.js';
import { type ForecastFacts, forecastNeed } from '../../src/refresh/forecast/forecast-need.js';

const nowMs = Date.UTC(2026, 5, 1);
const dayMs = 86_400_000;

type Change = {
  grant?: Partial<ForecastFacts['grant']>;
  credential?: Partial<ForecastFacts['credential']>;
  definition?: ForecastFacts['definition'];
};

function forecast(change: Change = {}) {
  return forecastNeed({
    grant: { expires_at: null, mismatch_json: null, ...change.grant },
    credential: {
      status: 'active',
      death_cause: null,
      access_expires_at: nowMs + 3_600_000,
      access_issued_at: nowMs,
      refresh_expires_at: null,
      refresh_expiry_kind: null,
      authorized_at: nowMs - 10 * dayMs,
      has_refresh_token: 1,
      invalid_grant_at: null,
      failures: 0,
      ...change.credential,
    },
    definition: change.definition ?? {},
  });
}

describe('R9: when and why a grant will need its user', () => {
  it('nothing known will end it', () => {
    expect(forecast()).toBeNull();
  });

  it.each<[string, Change, ReturnType<typeof forecast>]>([
    [
      'credential_dead',
      { credential: { status: 'needs_reauth', death_cause: 'invalid_grant' } },
      { atMs: null, cause: 'credential_dead', confidence: 'certain' },
    ],
    [
      'credential_dead, the old access token still works',
      { credential: { status: 'needs_reauth', death_cause: 'interrupted_refresh' } },
      { atMs: nowMs + 3_600_000, cause: 'credential_dead', confidence: 'certain' },
    ],
    [
      'scope_mismatch',
      { grant: { mismatch_json: '["a"]' } },
      { atMs: null, cause: 'scope_mismatch', confidence: 'certain' },
    ],
    [
      'grant_lifetime',
      { grant: { expires_at: nowMs + dayMs } },
      { atMs: nowMs + dayMs, cause: 'grant_lifetime', confidence: 'certain' },
    ],
    [
      'no_refresh_token',
      { credential: { has_refresh_token: 0 } },
      { atMs: nowMs + 3_600_000, cause: 'no_refresh_token', confidence: 'certain' },
    ],
    [
      'refused_once',
      { credential: { invalid_grant_at: nowMs } },
      { atMs: null, cause: 'refused_once', confidence: 'medium' },
    ],
    [
      'refresh_token_expiry, no refresh has been seen yet',
      { credential: { refresh_expires_at: nowMs + 7 * dayMs } },
      { atMs: nowMs + 7 * dayMs, cause: 'refresh_token_expiry', confidence: 'medium' },
    ],
    [
      'refresh_token_expiry, and refreshing does not move it',
      { credential: { refresh_expires_at: nowMs + 7 * dayMs, refresh_expiry_kind: 'fixed' } },
      { atMs: nowMs + 7 * dayMs, cause: 'refresh_token_expiry', confidence: 'high' },
    ],
    [
      'refresh_token_lifetime',
      { definition: { refresh_token_ttl_seconds: 365 * 86_400 } },
      { atMs: nowMs + 355 * dayMs, cause: 'refresh_token_lifetime', confidence: 'high' },
    ],
    [
      'refresh_token_idle, while refreshing fails',
      { credential: { failures: 3 }, definition: { refresh_token_idle_seconds: 90 * 86_400 } },
      { atMs: nowMs + 90 * dayMs, cause: 'refresh_token_idle', confidence: 'medium' },
    ],
  ])('%s', (_, change, expected) => {
    expect(forecast(change)).toEqual(expected);
  });

  it('a limit that refreshing renews is none, nor is an idle limit that the background job keeps', () => {
    const credential = { refresh_expires_at: nowMs + dayMs, refresh_expiry_kind: 'renewed' as const };
    expect(forecast({ credential })).toBeNull();
    expect(forecast({ definition: { refresh_token_idle_seconds: 86_400 } })).toBeNull();
  });

  it('the earliest counts', () => {
    const change = {
      grant: { expires_at: nowMs + 30 * dayMs },
      credential: { refresh_expires_at: nowMs + 7 * dayMs },
    };
    expect(forecast(change)).toMatchObject({ cause: 'refresh_token_expiry' });
  });
});

describe('R9: what a refresh does to the end of a refresh token', () => {
  it.each([
    ['the first answer says nothing of it', null, null, undefined, null],
    ['the first end', null, null, nowMs, null],
    ['a later end', nowMs, null, nowMs + dayMs, 'renewed'],
    ['the same end', nowMs, null, nowMs + 3_000, 'fixed'],
    ['no word: as before', nowMs, 'renewed', undefined, 'renewed'],
    ['first renewed, then no more', nowMs, 'renewed', nowMs, 'fixed'],
  ] as const)('%s', (_, refresh_expires_at, refresh_expiry_kind, answered, expected) => {
    expect(judgeExpiryKind({ refresh_expires_at, refresh_expiry_kind }, answered)).toBe(expected);
  });
});

describe('the likely reason of an invalid_grant', () => {
  const row = {
    refresh_expires_at: null,
    authorized_at: nowMs - 100 * dayMs,
    access_issued_at: nowMs - 2 * dayMs,
    created_at: nowMs - 200 * dayMs,
  };
  const facts = { refresh_token_idle_seconds: 90 * 86_400, testing_grant_ttl_seconds: 7 * 86_400 };
  it.each([
    ['refresh_token_expired', { refresh_expires_at: nowMs - 1 }, facts],
    ['refresh_token_lifetime', {}, { ...facts, refresh_token_ttl_seconds: 100 * 86_400 }],
    ['app_in_testing', { authorized_at: nowMs - 7 * dayMs - 3_600_000 }, facts],
    ['refresh_token_idle', { access_issued_at: nowMs - 91 * dayMs }, facts],
    ['revoked_elsewhere', {}, facts],
  ])('%s', (reason, change, definition) => {
    expect(explainRefusal({ ...row, ...change }, definition, nowMs).likely_reason).toBe(reason);
  });

  it('ages are told in seconds, and count from the consent', () => {
    expect(explainRefusal(row, facts, nowMs)).toMatchObject({
      token_age_seconds: 2 * 86_400,
      grant_age_seconds: 100 * 86_400,
    });
  });
});
