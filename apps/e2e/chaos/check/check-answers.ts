import { type Answer, type Evidence, overlaps, type Violation, wasDisturbed } from './evidence.js';
import type { TokenIndex } from './token-index.js';

/** R10 says 20 s; a caller on this machine may be served a little later. */
const answerMaxMs = 22_000;
/** A database statement may take 10 s before it fails, and what follows a fault is no surprise for a while. */
const aftermathMs = 15_000;
/** What a provider's fault leads to: back-off of up to 20 s, Retry-After, an open breaker of up to 60 s. */
const providerAftermathMs = 90_000;

const retryable = new Set([
  'token_refresh_in_progress',
  'service_unavailable',
  'audit_unavailable',
  'provider_unavailable',
  'provider_configuration_unavailable',
]);

/** Every answer that any caller got, against what the tester knows. */
export function checkAnswers(evidence: Evidence, tokens: TokenIndex): Violation[] {
  return [
    ...evidence.answers.flatMap((answer) =>
      answer.status === 200 ? checkRelease(evidence, tokens, answer) : checkRefusal(evidence, answer),
    ),
    ...checkDurations(evidence),
  ];
}

function checkRelease(evidence: Evidence, tokens: TokenIndex, answer: Answer): Violation[] {
  const violations: Violation[] = [];
  const grant = evidence.grants.get(answer.grantId);
  const revokedAtMs = grant?.revokeAcknowledgedAtMs;
  if (revokedAtMs !== undefined && answer.startedAtMs > revokedAtMs) {
    violations.push(
      describe('revoked_grant_answered', 'F7', answer, 'a grant was used after its revocation', grant),
    );
  }
  if (isSurelyExpired(evidence, answer)) {
    violations.push(
      describe(
        'expired_grant_answered',
        'F7',
        answer,
        'a grant was used after its end',
        evidence.attempts.get(answer.account),
      ),
    );
  }
  const token = tokens.findToken(answer.tokenSha256 ?? '');
  if (token === undefined || token.account !== answer.account) {
    violations.push(
      describe(
        'token_of_another',
        'T2',
        answer,
        'a token was released that its provider did not issue for this account',
        token,
      ),
    );
  }
  return violations;
}

function checkRefusal(evidence: Evidence, answer: Answer): Violation[] {
  const { faults } = evidence;
  const from = answer.startedAtMs - aftermathMs;
  const code = answer.code ?? 'none';
  const complain = (rule: string, guarantee: string, message: string) => [
    describe(rule, guarantee, answer, `${message}: ${answer.status} ${code}`, undefined),
  ];
  if (answer.status === 0) {
    const isExplained = wasDisturbed(faults, answer.vault, from, answer.endedAtMs);
    return isExplained ? [] : complain('no_answer', 'F2', 'a vault that nothing was done to gave no answer');
  }
  if (retryable.has(code)) {
    if (!answer.hasRetryAfter)
      return complain('no_retry_after', 'F2', 'a retryable answer without Retry-After');
    const isAboutProvider = code.startsWith('provider_') || code === 'token_refresh_in_progress';
    const isExplained = isAboutProvider
      ? faults.some((fault) => overlaps(fault, answer.startedAtMs - providerAftermathMs, answer.endedAtMs))
      : wasDisturbed(faults, answer.vault, from, answer.endedAtMs);
    // A refresh that takes a moment is answered so on a quiet day too.
    if (isExplained || code === 'token_refresh_in_progress') return [];
    return complain('unexplained_error', 'F2', 'an error without a fault that explains it');
  }
  const grant = evidence.grants.get(answer.grantId);
  switch (code) {
    case 'grant_revoked':
      if ((grant?.revokeAskedAtMs ?? Number.POSITIVE_INFINITY) <= answer.endedAtMs) return [];
      return complain('wrongly_refused', 'F1', 'nobody had revoked this grant');
    case 'grant_expired':
      if (!isSurelyAlive(evidence, answer)) return [];
      return complain('wrongly_refused', 'F1', 'this grant had not ended');
    case 'credential_revoked':
      // Whether it was right to declare it dead is another rule's matter.
      if (isKnownDeath(evidence, answer) || grant?.revokeAskedAtMs !== undefined) return [];
      if (evidence.recordsReadAtMs < answer.endedAtMs + 3_000) return [];
      return complain('wrongly_refused', 'R6', 'neither database nor records know of a death');
    default:
      return complain('forbidden_error', 'F2', 'an answer that no caller should get');
  }
}

function isKnownDeath({ changes, recordedDeaths }: Evidence, { grantId }: Answer): boolean {
  return (
    recordedDeaths.has(grantId) ||
    changes.some((change) => change.grantId === grantId && change.status === 'needs_reauth')
  );
}

/** How far a stepped clock may have been off while an answer was made. */
function findClockErrorMs(evidence: Evidence, answer: Answer): number {
  const steps = evidence.faults
    .filter(
      (fault) =>
        fault.kind.startsWith('clock_') && overlaps(fault, answer.startedAtMs - 120_000, answer.endedAtMs),
    )
    .map(({ detail }) => Math.abs(Number.parseInt(detail, 10)) * 1000);
  return Math.max(0, ...steps) + 1_500;
}

function isSurelyExpired(evidence: Evidence, answer: Answer): boolean {
  const errorMs = findClockErrorMs(evidence, answer);
  const attempts = (evidence.attempts.get(answer.account) ?? []).filter(
    (each) => each.askedAtMs <= answer.endedAtMs,
  );
  if (attempts.length === 0) return false;
  return attempts.every(
    ({ askedAtMs, acknowledgedAtMs, lifetimeMs }) =>
      lifetimeMs !== undefined &&
      (acknowledgedAtMs ?? askedAtMs + 30_000) + lifetimeMs + errorMs < answer.startedAtMs,
  );
}

function isSurelyAlive(evidence: Evidence, answer: Answer): boolean {
  const errorMs = findClockErrorMs(evidence, answer);
  const attempts = evidence.attempts.get(answer.account) ?? [];
  // The last one that is known to have happened counts, unless a later one may have happened as well.
  const last = attempts.findLast(({ askedAtMs }) => askedAtMs <= answer.endedAtMs);
  if (last?.acknowledgedAtMs === undefined || last.acknowledgedAtMs > answer.startedAtMs) return false;
  return last.lifetimeMs === undefined || last.askedAtMs + last.lifetimeMs - errorMs > answer.endedAtMs;
}

function checkDurations(evidence: Evidence): Violation[] {
  return evidence.answers
    .filter(({ startedAtMs, endedAtMs }) => endedAtMs - startedAtMs > answerMaxMs)
    .filter((answer) => !wasDisturbed(evidence.faults, answer.vault, answer.startedAtMs, answer.endedAtMs))
    .map((answer) => describe('hanging_call', 'R10', answer, 'a call was answered too late', undefined));
}

function describe(
  rule: string,
  guarantee: string,
  answer: Answer,
  message: string,
  more: unknown,
): Violation {
  return {
    rule,
    guarantee,
    atMs: answer.endedAtMs,
    message: `${message} (${answer.account}, vault ${answer.vault})`,
    evidence: { answer, more },
  };
}
