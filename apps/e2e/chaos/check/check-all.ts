import { recoveryMaxMs } from '../faults/fault-book.js';
import { checkAnswers } from './check-answers.js';
import { checkDeaths } from './check-deaths.js';
import { checkOrder } from './check-order.js';
import { checkPresentations } from './check-presentations.js';
import type { Evidence, Violation } from './evidence.js';
import { indexTokens } from './token-index.js';

/** All that must not have happened, oldest first. */
export function checkAll(evidence: Evidence): Violation[] {
  const tokens = indexTokens(evidence);
  return [
    ...evidence.incidents,
    ...checkPresentations(evidence, tokens),
    ...checkDeaths(evidence, tokens),
    ...checkAnswers(evidence, tokens),
    ...checkOrder(evidence, tokens),
    ...checkRecords(evidence),
    ...checkRecovery(evidence),
  ].sort((left, right) => left.atMs - right.atMs);
}

/** A1: whoever received a token was on record before. */
function checkRecords(evidence: Evidence): Violation[] {
  return evidence.answers
    .filter(({ status, endedAtMs }) => status === 200 && endedAtMs < evidence.recordsReadAtMs)
    .filter(({ requestId }) => requestId === undefined || !evidence.recordedReleases.has(requestId))
    .map((answer) => ({
      rule: 'release_without_record',
      guarantee: 'A1',
      atMs: answer.endedAtMs,
      message: `a token of ${answer.account} was released by vault ${answer.vault}, and the database has no record of it`,
      evidence: answer,
    }));
}

/** F2: the vaults answer again by themselves. */
function checkRecovery(evidence: Evidence): Violation[] {
  return evidence.faults
    .filter(
      ({ track, endedAtMs, recoveredAtMs }) =>
        track === 'system' &&
        endedAtMs !== undefined &&
        recoveredAtMs === undefined &&
        Date.now() - endedAtMs > recoveryMaxMs,
    )
    .map((fault) => ({
      rule: 'no_recovery',
      guarantee: 'F2',
      atMs: (fault.endedAtMs ?? 0) + recoveryMaxMs,
      message: `not every vault answered within ${recoveryMaxMs / 1000} s after ${fault.kind} had ended`,
      evidence: fault,
    }));
}
