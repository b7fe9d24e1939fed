import { setTimeout as sleep } from 'node:timers/promises';
import { mergeScopes, type ProviderFailure, type ProviderTokens } from '@alter-ai/oauth-providers';
import { uuidv7 } from 'uuidv7';
import type { VaultDeps } from '../deps.js';
import {
  findFirstEnd,
  listRenewals,
  replaceAdditional,
  type StoredTokens,
  sealTokens,
  toStoredTokens,
} from '../grants/stored-tokens.js';
import { endLateTokens } from '../grants/upkeep/finish-revocation.js';
import {
  type CredentialReading,
  findCredential,
  type Lease,
  type OpenIntent,
  releaseLease,
  storeDeath,
  storeRefreshedTokens,
} from '../storage/live/credentials.js';
import { planRenewal } from './ahead/plan-renewal.js';
import { judgeExpiryKind } from './forecast/expiry-kind.js';
import { explainRefusal } from './forecast/explain-refusal.js';
import { findUsableUntilMs, isFresh, isRenewalDue } from './freshness.js';
import { closeBreaker, openBreaker } from './provider/breaker.js';
import type { TokenPart } from './provider/choose-part.js';
import { recordEvent } from './record-event.js';
import type { RefreshOutcome, RefreshTarget } from './refresh-target.js';

/** A refresh under way: the row as it was when the lease was taken. */
export interface RefreshAttempt {
  readonly target: RefreshTarget;
  readonly row: CredentialReading;
  readonly lease: Lease;
  readonly tokens: StoredTokens;
}

/** R6: a second definite answer counts after this long. */
const secondAnswerAfterMs = 10_000;
const backoffFirstMs = 1_000;
const backoffMaxMs = 20_000;
/** Longer waits that a provider asks for are cut, so that calls succeed within 45 s after it is well. */
const retryAfterMaxMs = 40_000;
/** How long new tokens are kept in memory while the database cannot take them. */
const storeForMs = 60_000;

/**
 * Stores new tokens before anybody sees them (R3).
 * @returns undefined when the row must be read again: another token set was there first (R5), or a further credential of the
 * same answer is due
 */
export async function settleTokens(
  deps: VaultDeps,
  attempt: RefreshAttempt,
  answer: { tokens: ProviderTokens; askedAtMs: number; part: TokenPart },
): Promise<RefreshOutcome | undefined> {
  const { target, row, lease } = attempt;
  const key = { appId: target.appId, credentialId: target.credentialId };
  const { tokens, askedAtMs } = answer;
  const stored = mergeAnswer(attempt, answer);
  const scopes =
    answer.part.name === null
      ? mergeScopes(target.provider.definition, JSON.parse(row.scopes_json) as string[], tokens.scopes)
      : undefined;
  const metadata = JSON.parse(row.metadata_json) as Record<string, unknown>;
  const accessExpiresAtMs = findFirstEnd(stored);
  const hasRefreshToken = stored.refresh_token !== undefined;
  const refreshExpiresAtMs = tokens.refreshExpiresAtMs ?? row.refresh_expires_at;
  const isStored = await persist(deps, async () =>
    storeRefreshedTokens(deps.storage, key, lease.generation, {
      sealedTokens: await sealTokens(deps.keyring, key, stored),
      tokenGeneration: uuidv7(),
      accessExpiresAtMs,
      refreshExpiresAtMs,
      refreshExpiryKind: judgeExpiryKind(row, tokens.refreshExpiresAtMs),
      renewAtMs: planRenewal(
        { hasRefreshToken, accessIssuedAtMs: askedAtMs, refreshExpiresAtMs },
        target.provider.definition,
      ),
      hasRefreshToken,
      ...(scopes === undefined ? {} : { scopes }),
      metadata: { ...metadata, ...tokens.metadata },
      nowMs: askedAtMs,
    }),
  );
  if (isStored) {
    recordEvent(deps, target, {
      kind: 'credential.refreshed',
      outcome: 'ok',
      details: {
        generation: lease.generation + 1,
        ...(answer.part.name === null ? {} : { credential: answer.part.name }),
        is_refresh_token_rotated: tokens.refreshToken !== undefined,
        expires_at: tokens.expiresAtMs === undefined ? null : new Date(tokens.expiresAtMs).toISOString(),
      },
    });
    await closeBreaker(deps, target);
    const life = { access_expires_at: accessExpiresAtMs, access_issued_at: askedAtMs, is_refresh_forced: 0 };
    const isWhole = listRenewals(stored).length === 0 || isFresh(life, deps.clock());
    return isWhole ? { kind: 'fresh' } : undefined;
  }
  recordEvent(deps, target, {
    kind: 'credential.refresh_failed',
    outcome: 'superseded',
    details: { generation: lease.generation },
  });
  // Taken back while the provider was making new tokens: nobody else would end these.
  await persist(deps, async () =>
    endLateTokens(deps, {
      ...key,
      sealedTokens: await sealTokens(deps.keyring, key, stored),
      generation: lease.generation,
      nowMs: askedAtMs,
    }),
  );
  return undefined;
}

/** The answer beside what it leaves as it was. */
function mergeAnswer(
  { tokens: previous, row }: RefreshAttempt,
  answer: { tokens: ProviderTokens; askedAtMs: number; part: TokenPart },
): StoredTokens {
  if (answer.part.name !== null) return replaceAdditional(previous, answer.part.name, answer.tokens);
  const stored = toStoredTokens(answer.tokens, previous);
  const isAsWhole = row.is_refresh_forced !== 0 || isRenewalDue(row, answer.askedAtMs);
  if (!isAsWhole) return stored;
  // Whatever made this one due is true of the others: they follow.
  const renewals = listRenewals(stored).map(
    ([name, renewal]) => [name, { ...renewal, expires_at: answer.askedAtMs }] as const,
  );
  return renewals.length === 0 ? stored : { ...stored, additional_renewals: Object.fromEntries(renewals) };
}

/** Judges a provider's refusal by what it means (R6, R7, R8). @returns undefined: read the row again */
export async function settleFailure(
  deps: VaultDeps,
  attempt: RefreshAttempt,
  failure: ProviderFailure,
): Promise<RefreshOutcome | undefined> {
  switch (failure.kind) {
    case 'invalid_grant':
      return settleInvalidGrant(deps, attempt, failure);
    case 'invalid_client': {
      await persist(deps, () => releaseLease(deps.storage, keyOf(attempt), attempt.lease));
      const retryAtMs = await openBreaker(deps, attempt.target, failure.error);
      return {
        kind: 'breaker_open',
        code: failure.error,
        retryAtMs,
        usableUntilMs: findUsableUntilMs(attempt.row),
      };
    }
    default:
      return backOff(deps, attempt, describeFailure(failure), {
        retryAfterSeconds: failure.retryAfterSeconds,
      });
  }
}

/**
 * Nothing was gained and nothing lost: try again later, with growing distance and jitter (R8). `open`: an earlier request of which
 * nobody knows what came is still to be judged then.
 */
export async function backOff(
  deps: VaultDeps,
  attempt: RefreshAttempt,
  details: Readonly<Record<string, string>>,
  options: { readonly retryAfterSeconds?: number | undefined; readonly open?: OpenIntent | undefined } = {},
): Promise<RefreshOutcome> {
  const { retryAfterSeconds = 0, open } = options;
  const { row, lease, target } = attempt;
  const failures = row.failures + 1;
  const stepMs = Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.min(failures - 1, 10));
  const waitMs = Math.max(
    Math.round(stepMs * (0.5 + Math.random() / 2)),
    Math.min(retryAfterMaxMs, retryAfterSeconds * 1000),
  );
  const retryAtMs = deps.clock() + waitMs;
  await persist(deps, () =>
    releaseLease(deps.storage, keyOf(attempt), lease, { failures, retryInMs: waitMs }, open),
  );
  recordEvent(deps, target, {
    kind: 'credential.refresh_failed',
    outcome: 'transient',
    details: { ...details, failures },
  });
  return { kind: 'unavailable', retryAtMs, usableUntilMs: findUsableUntilMs(row) };
}

/** Declares the credential dead, with cause and evidence. @returns undefined when it was changed meanwhile */
export async function declareDead(
  deps: VaultDeps,
  attempt: Omit<RefreshAttempt, 'tokens'>,
  cause: string,
  evidence: Readonly<Record<string, string | number | boolean | null>>,
): Promise<RefreshOutcome | undefined> {
  const { target, row, lease } = attempt;
  const isStored = await persist(deps, () =>
    storeDeath(deps.storage, keyOf(attempt), lease, { cause, evidence, nowMs: deps.clock() }),
  );
  if (!isStored) return undefined;
  recordEvent(deps, target, {
    kind: 'credential.died',
    outcome: 'needs_reauth',
    errorCode: cause,
    details: { ...evidence, generation: row.generation },
  });
  const usableUntilMs = cause === 'interrupted_refresh' ? findUsableUntilMs(row) : 0;
  return { kind: 'dead', cause, usableUntilMs };
}

async function settleInvalidGrant(
  deps: VaultDeps,
  attempt: RefreshAttempt,
  failure: ProviderFailure,
): Promise<RefreshOutcome | undefined> {
  const { target, row, lease } = attempt;
  const current = await findCredential(deps.storage.db, keyOf(attempt));
  // Somebody stored another refresh token meanwhile: the refusal was about the old one.
  if (!current || current.generation !== lease.generation) return undefined;
  const nowMs = deps.clock();
  const isStrict = target.provider.definition.refresh_reuse === 'strict';
  const sinceFirstMs = row.invalid_grant_at === null ? 0 : row.read_at - row.invalid_grant_at;
  const isSecond = sinceFirstMs >= secondAnswerAfterMs;
  await closeBreaker(deps, target);
  if (isStrict || isSecond) {
    return declareDead(deps, attempt, 'invalid_grant', {
      ...describeFailure(failure),
      first_answer_at: new Date(nowMs - sinceFirstMs).toISOString(),
      ...explainRefusal(row, target.provider.definition, nowMs),
    });
  }
  const retryInMs = secondAnswerAfterMs - sinceFirstMs;
  await persist(deps, () =>
    releaseLease(deps.storage, keyOf(attempt), lease, { retryInMs, isRefused: true }),
  );
  recordEvent(deps, target, {
    kind: 'credential.refresh_failed',
    outcome: 'invalid_grant_once',
    details: describeFailure(failure),
  });
  return { kind: 'busy', retryAtMs: nowMs + retryInMs, usableUntilMs: findUsableUntilMs(row) };
}

function describeFailure(failure: ProviderFailure): Record<string, string> {
  return {
    error: failure.error,
    ...(failure.errorDescription === undefined ? {} : { error_description: failure.errorDescription }),
  };
}

function keyOf({ target }: Pick<RefreshAttempt, 'target'>) {
  return { appId: target.appId, credentialId: target.credentialId };
}

/** What the provider has done cannot be asked for again, so a database that fails for a while is asked again (F2). */
async function persist<T>(deps: VaultDeps, store: () => Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 2_000)) {
    try {
      return await store();
    } catch (error) {
      if (performance.now() - startedAtMs > storeForMs) throw error;
      deps.log.error(
        { error: error instanceof Error ? error.name : 'unknown' },
        'refresh result not stored, trying again',
      );
    }
    await sleep(waitMs);
  }
}
