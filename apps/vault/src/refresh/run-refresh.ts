import { setTimeout as sleep } from 'node:timers/promises';
import { sha256Hex } from '@alter-ai/core-crypto';
import type { VaultDeps } from '../deps.js';
import { openTokens, type StoredTokens } from '../grants/stored-tokens.js';
import {
  type CredentialKey,
  type CredentialReading,
  isLeaseLive,
  type Lease,
  markSent,
  readCredential,
  releaseLease,
  takeLease,
  writeIntent,
} from '../storage/live/credentials.js';
import { findUsableUntilMs, isFresh, isRenewalDue } from './freshness.js';
import { keepLease, leaseTtlMs } from './lease.js';
import { askProvider } from './provider/ask-provider.js';
import { findOpenBreaker } from './provider/breaker.js';
import { choosePart } from './provider/choose-part.js';
import { recordEvent } from './record-event.js';
import { findGraceMs, judgeUnknownOutcome, readIntentAgeMs, recoverIntent } from './recover-intent.js';
import type { RefreshOutcome, RefreshTarget } from './refresh-target.js';
import { backOff, declareDead, type RefreshAttempt, settleFailure, settleTokens } from './settle-refresh.js';

/** Waiting for another process's refresh ends after this long (R10). */
const waitMaxMs = 18_000;
const pollEveryMs = 150;

/**
 * Brings one credential up to date, or says why not. One run per process and credential; over all processes the lease lets
 * one at a time ask the provider, the others read the row until its holder is done (R2). `isAhead`: a fresh access token is no reason
 * to leave a refresh token that nears its end.
 */
export async function runRefresh(
  deps: VaultDeps,
  target: RefreshTarget,
  isAhead = false,
): Promise<RefreshOutcome> {
  const key = { appId: target.appId, credentialId: target.credentialId };
  const startedAtMs = performance.now();
  for (;;) {
    const row = await readCredential(deps.storage, key);
    if (!row) return { kind: 'gone' };
    const nowMs = deps.clock();
    const ended = findEnd(row, nowMs, isAhead && isRenewalDue(row, nowMs));
    if (ended) return ended;
    if (isLeaseLive(row) || findGraceMs(row, target.provider.definition) > 0) {
      const usableUntilMs = findUsableUntilMs(row);
      const isLong = performance.now() - startedAtMs > waitMaxMs;
      if (isLong || usableUntilMs > nowMs) return { kind: 'busy', retryAtMs: nowMs + 1_000, usableUntilMs };
      await sleep(pollEveryMs);
      continue;
    }
    const obstacle = findWait(row, nowMs) ?? (await findBreakerOutcome(deps, target, row));
    if (obstacle) return obstacle;
    const lease = await takeLease(deps.storage, row, deps.processId, leaseTtlMs);
    if (lease) {
      const outcome = await refreshUnderLease(deps, target, row, lease);
      if (outcome) return outcome;
    }
    if (performance.now() - startedAtMs > waitMaxMs) {
      return { kind: 'busy', retryAtMs: deps.clock() + 1_000, usableUntilMs: findUsableUntilMs(row) };
    }
  }
}

/** What needs no refresh: fresh already, dead, or nothing to refresh with while the access token lives. */
function findEnd(row: CredentialReading, nowMs: number, isRenewed: boolean): RefreshOutcome | undefined {
  const usableUntilMs = findUsableUntilMs(row);
  if (row.status !== 'active') {
    const cause = row.death_cause ?? row.status;
    return { kind: 'dead', cause, usableUntilMs: cause === 'interrupted_refresh' ? usableUntilMs : 0 };
  }
  if (isRenewed) return undefined;
  if (isFresh(row, nowMs)) return { kind: 'fresh' };
  return row.has_refresh_token === 0 && usableUntilMs > nowMs ? { kind: 'fresh' } : undefined;
}

/** R6 and R8: not before its time. */
function findWait(row: CredentialReading, nowMs: number): RefreshOutcome | undefined {
  if (row.retry_at === null || row.retry_at <= row.read_at) return undefined;
  const usableUntilMs = findUsableUntilMs(row);
  const kind = row.invalid_grant_at === null ? 'unavailable' : 'busy';
  return { kind, retryAtMs: nowMs + row.retry_at - row.read_at, usableUntilMs };
}

async function findBreakerOutcome(
  deps: VaultDeps,
  target: RefreshTarget,
  row: CredentialReading,
): Promise<RefreshOutcome | undefined> {
  if (row.has_refresh_token === 0) return undefined;
  const open = await findOpenBreaker(deps, target);
  return open && { kind: 'breaker_open', ...open, usableUntilMs: findUsableUntilMs(row) };
}

/** @returns undefined when the row has changed and must be read again */
async function refreshUnderLease(
  deps: VaultDeps,
  target: RefreshTarget,
  row: CredentialReading,
  lease: Lease,
): Promise<RefreshOutcome | undefined> {
  const key = { appId: target.appId, credentialId: target.credentialId };
  const kept = keepLease(deps, key, lease);
  try {
    if (row.has_refresh_token === 0) {
      const cause = row.is_refresh_forced === 0 ? 'access_token_expired' : 'access_token_refused';
      return await declareDead(deps, { target, row, lease }, cause, { has_refresh_token: false });
    }
    return await exchange(deps, { target, row, lease, tokens: await openOrRelease(deps, key, row, lease) });
  } finally {
    kept.stop();
  }
}

/** Only here is the lease given back on an error: later the intent must stay open, since the token may be spent. */
async function openOrRelease(
  deps: VaultDeps,
  key: CredentialKey,
  row: CredentialReading,
  lease: Lease,
): Promise<StoredTokens> {
  try {
    return await openTokens(deps.keyring, key, row.sealed_tokens);
  } catch (error) {
    // A former holder's request may have spent the token: that question stays open (R4).
    const isOpen = row.intent_generation === row.generation;
    const open = isOpen ? { isUnsent: row.intent_unsent_lease === row.lease_generation } : undefined;
    await releaseLease(deps.storage, key, lease, undefined, open);
    throw error;
  }
}

async function exchange(deps: VaultDeps, attempt: RefreshAttempt): Promise<RefreshOutcome | undefined> {
  const { target, row, lease, tokens } = attempt;
  const { definition } = target.provider;
  const key = { appId: target.appId, credentialId: target.credentialId };
  const part = choosePart(row, tokens);
  const { refreshToken } = part;
  const refreshTokenHash = sha256Hex(refreshToken);
  const recovery = recoverIntent(row, { refreshTokenHash, definition });
  if (recovery === 'give_up') {
    return declareDead(deps, attempt, 'interrupted_refresh', {
      reason: 'holder_lost',
      intent_at: row.intent_at === null ? null : new Date(row.intent_at).toISOString(),
      refresh_reuse: definition.refresh_reuse,
    });
  }
  const ageAtStartMs = recovery === 'replay' ? readIntentAgeMs(row) : 0;
  const startedAtMs = performance.now();
  for (let isReplay = recovery === 'replay'; ; isReplay = true) {
    const intent = { refreshTokenHash, isReplay, ttlMs: leaseTtlMs };
    if (!(await writeIntent(deps.storage, key, lease, intent))) return undefined;
    if (isReplay)
      recordEvent(deps, target, { kind: 'credential.replayed', outcome: definition.refresh_reuse });
    const scopes = JSON.parse(row.scopes_json) as string[];
    let isHeld = true;
    const beforeFirstByte = async () => {
      isHeld = await markSent(deps.storage, key, lease);
      if (!isHeld) throw new Error('lease lost');
    };
    const answer = await askProvider(deps, target, { refreshToken, scopes, beforeFirstByte });
    if (!isHeld) return undefined;
    if (answer.kind === 'tokens') return settleTokens(deps, attempt, { ...answer, part });
    if (answer.kind === 'failed') return settleFailure(deps, attempt, answer.failure);
    if (answer.kind === 'not_reached') {
      // The replay never came there, so the first request's outcome is as unknown as before.
      const open = isReplay ? { isUnsent: true } : undefined;
      return backOff(deps, attempt, { error: answer.reason }, { open });
    }
    const ageMs = ageAtStartMs + performance.now() - startedAtMs;
    const next = judgeUnknownOutcome(definition, { isReplay, ageMs });
    if (next === 'wait') return backOff(deps, attempt, { error: answer.reason });
    if (next === 'give_up') {
      return declareDead(deps, attempt, 'interrupted_refresh', {
        reason: answer.reason,
        refresh_reuse: definition.refresh_reuse,
      });
    }
  }
}
