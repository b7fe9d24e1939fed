import {
  type CredentialChange,
  type Evidence,
  overlaps,
  type Presentation,
  type Violation,
  wasDisturbed,
} from './evidence.js';
import { nameAccount, type TokenIndex } from './token-index.js';

/** An unknown outcome may lead to a death this much later: the longest wait for an answer, and a takeover after it. */
const consequenceMs = 90_000;

/** Credentials that were declared dead although nothing that ends one had happened (R4, R6, R7). */
export function checkDeaths(evidence: Evidence, tokens: TokenIndex): Violation[] {
  const byAccount = new Map<string, Presentation[]>();
  for (const presentation of evidence.presentations) {
    const token = tokens.findToken(presentation.tokenSha256);
    if (token) byAccount.set(token.account, [...(byAccount.get(token.account) ?? []), presentation]);
  }
  return evidence.changes
    .filter(({ status }) => status === 'needs_reauth')
    .flatMap((change) => {
      const presentations = byAccount.get(change.account) ?? [];
      const why = findMistake(evidence, tokens, change, presentations);
      if (why === undefined) return [];
      return {
        rule: 'wrongly_declared_dead',
        guarantee: change.cause === 'invalid_grant' ? 'R6' : 'R4',
        atMs: change.seenAtMs,
        message: `${change.account} was declared dead (${change.cause}): ${why}`,
        evidence: {
          change,
          families: tokens.listFamilies(change.account),
          presentations: presentations.slice(-4),
        },
      };
    });
}

function findMistake(
  evidence: Evidence,
  tokens: TokenIndex,
  change: CredentialChange,
  presentations: readonly Presentation[],
): string | undefined {
  switch (change.cause) {
    case 'invalid_grant':
      return findRefusalMistake(evidence, tokens, change);
    case 'interrupted_refresh':
      return findInterruptionMistake(evidence, change, presentations);
    default:
      return 'no such thing can have happened';
  }
}

/** Right only when the provider has refused a token of what is connected now. */
function findRefusalMistake(
  evidence: Evidence,
  tokens: TokenIndex,
  change: CredentialChange,
): string | undefined {
  const acknowledged = (evidence.attempts.get(change.account) ?? [])
    .map(({ acknowledgedAtMs }) => acknowledgedAtMs ?? Number.POSITIVE_INFINITY)
    .filter((atMs) => atMs < change.afterMs);
  const connectedAtMs = Math.max(0, ...acknowledged);
  const families = tokens.listFamilies(change.account);
  const current = families.findLast(({ startedAtMs }) => startedAtMs <= connectedAtMs) ?? families[0];
  const candidates = families.slice(current === undefined ? 0 : families.indexOf(current));
  const isRefused = candidates.some(
    ({ refusedAtMs }) => (refusedAtMs ?? Number.POSITIVE_INFINITY) <= change.seenAtMs,
  );
  return isRefused ? undefined : 'the provider refused no token of what is connected now';
}

/** Right only when somebody was interrupted in the middle of a refresh, or the provider's answer was lost. */
function findInterruptionMistake(
  evidence: Evidence,
  change: CredentialChange,
  presentations: readonly Presentation[],
): string | undefined {
  const { faults } = evidence;
  if (change.account.startsWith(nameAccount('none', ''))) return 'its refresh token does not rotate';
  const isRefusing = faults.some(
    (fault) => fault.kind === 'provider_refused' && overlaps(fault, change.afterMs - 5_000, change.seenAtMs),
  );
  if (isRefusing) return undefined;
  const last = presentations.findLast(
    ({ startedAtMs }) => startedAtMs <= change.seenAtMs && startedAtMs > change.afterMs - consequenceMs,
  );
  if (last === undefined) {
    const isDisturbed = wasDisturbed(faults, undefined, change.afterMs - 30_000, change.seenAtMs);
    return isDisturbed ? undefined : 'nobody was refreshing it';
  }
  if (isForgiven(evidence, change, presentations, last)) return 'its provider would have taken one replay';
  const isOver = last.endedAtMs !== undefined && last.endedAtMs <= change.seenAtMs;
  if (isOver && last.outcome !== 'answered') return undefined;
  if (wasDisturbed(faults, last.vault, last.startedAtMs - 2_500, change.seenAtMs)) return undefined;
  // Its answer came, and after it somebody may have been interrupted before the next request was sent.
  const isNext = isOver && wasDisturbed(faults, undefined, (last.endedAtMs ?? 0) - 1_000, change.seenAtMs);
  if (isNext) return undefined;
  return isOver
    ? 'the provider had answered, and nobody was interrupted'
    : 'its refresh was under way, and its holder alive';
}

/** Well inside the 30 s in which a provider with a window takes a replay. */
const surelyForgivenMs = 20_000;

/** Whether a provider with a window saw the token only once, a short while ago, and nobody was kept from the replay. */
function isForgiven(
  { faults }: Evidence,
  change: CredentialChange,
  presentations: readonly Presentation[],
  last: Presentation,
): boolean {
  const uses = presentations.filter(
    ({ tokenSha256, startedAtMs }) => tokenSha256 === last.tokenSha256 && startedAtMs <= change.seenAtMs,
  );
  return (
    last.mode === 'window' &&
    uses.length === 1 &&
    last.outcome !== 'answered' &&
    change.seenAtMs - last.startedAtMs < surelyForgivenMs &&
    !wasDisturbed(faults, undefined, last.startedAtMs - 2_500, change.seenAtMs)
  );
}
