import type { ProviderDefinition } from '@alter-ai/oauth-providers';
import type { CredentialReading } from '../storage/live/credentials.js';

/**
 * What to do about a refresh whose outcome nobody knows (R4). `go_on`: there is none. `replay`: present the same refresh
 * token once more and record it. `give_up`: the provider would end everything if it was spent, so the user must reconnect.
 * `wait`: a token that does not rotate is not lost, but replaying at once has not helped.
 */
export type Recovery = 'go_on' | 'replay' | 'give_up' | 'wait';

/**
 * How much longer than its lease a holder is waited for that has sent its request: one that was only stalled (stopped, starved)
 * comes back with the answer. Wrongly given up it costs the user a new connection, wrongly replayed a second use of the token.
 */
const strictGraceMs = 14_000;
const windowGraceMs = 9_000;

type ReuseFacts = Pick<ProviderDefinition, 'refresh_reuse' | 'refresh_reuse_window_seconds'>;

/** Judges the intent that a former holder left open. */
export function recoverIntent(
  row: Pick<
    CredentialReading,
    | 'generation'
    | 'lease_generation'
    | 'intent_generation'
    | 'intent_hash'
    | 'intent_at'
    | 'intent_is_replay'
    | 'intent_unsent_lease'
    | 'read_at'
  >,
  facts: { refreshTokenHash: string; definition: ReuseFacts },
): Recovery {
  const isOpen = row.intent_generation === row.generation && row.intent_hash === facts.refreshTokenHash;
  if (!isOpen) return 'go_on';
  // Its last holder died before the connection stood: that attempt never reached the provider.
  const isUnsent = row.intent_unsent_lease === row.lease_generation;
  if (isUnsent && row.intent_is_replay === 0) return 'go_on';
  const recovery = judgeUnknownOutcome(facts.definition, {
    isReplay: row.intent_is_replay !== 0 && !isUnsent,
    ageMs: readIntentAgeMs(row),
  });
  // The wait is over: the former holder's time has run out since.
  return recovery === 'wait' ? 'replay' : recovery;
}

/** For how long yet the lease of a holder that has sent its request is left alone; 0 or less: it is taken over (R4). */
export function findGraceMs(
  row: Pick<
    CredentialReading,
    | 'generation'
    | 'lease_generation'
    | 'lease_deadline'
    | 'intent_generation'
    | 'intent_unsent_lease'
    | 'read_at'
  >,
  definition: ReuseFacts,
): number {
  const isSent = row.intent_generation === row.generation && row.intent_unsent_lease !== row.lease_generation;
  if (!isSent || row.lease_deadline === null) return 0;
  return row.lease_deadline + readGraceMs(definition) - row.read_at;
}

function readGraceMs(definition: ReuseFacts): number {
  switch (definition.refresh_reuse) {
    case 'none':
      return 0;
    case 'window':
      // A replay has to come while the window is open.
      return Math.min(windowGraceMs, readWindowMs(definition) / 4);
    default:
      return strictGraceMs;
  }
}

function readWindowMs(definition: ReuseFacts): number {
  return (definition.refresh_reuse_window_seconds ?? 30) * 1000;
}

/** How long ago a former holder wrote its intent; shared time, since that was another process. */
export function readIntentAgeMs(row: Pick<CredentialReading, 'intent_at' | 'read_at'>): number {
  return row.read_at - (row.intent_at ?? 0);
}

/** Judges a request that was written and got no answer; `ageMs` since it was sent first. */
export function judgeUnknownOutcome(
  definition: ReuseFacts,
  attempt: { isReplay: boolean; ageMs: number },
): Recovery {
  switch (definition.refresh_reuse) {
    case 'none':
      return attempt.isReplay ? 'wait' : 'replay';
    case 'window': {
      return attempt.isReplay || attempt.ageMs > readWindowMs(definition) ? 'give_up' : 'replay';
    }
    default:
      return 'give_up';
  }
}
