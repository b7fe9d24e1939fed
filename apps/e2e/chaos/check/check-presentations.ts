import { type Evidence, type Presentation, type Violation, wasDisturbed } from './evidence.js';
import type { TokenIndex } from './token-index.js';

const refusedAgain = 'a refused refresh token was presented again';
/** A process that was disturbed may do what it was about to do this much later. */
const aftermathMs = 2_500;

/**
 * Refresh tokens as the vaults presented them. R2: one at a time for a credential, over all processes. R4: a strict provider sees
 * a refresh token again only after it has answered that it could not serve; one that forgives sees it at most once more for each
 * interruption.
 */
export function checkPresentations(evidence: Evidence, tokens: TokenIndex): Violation[] {
  const byFamily = new Map<string, Presentation[]>();
  const byToken = new Map<string, Presentation[]>();
  for (const presentation of evidence.presentations) {
    const family = tokens.findToken(presentation.tokenSha256)?.family ?? presentation.tokenSha256;
    push(byFamily, `${presentation.mode}/${family}`, presentation);
    push(byToken, presentation.tokenSha256, presentation);
  }
  return [
    ...[...byFamily.values()].flatMap((list) => findOverlaps(evidence, list)),
    ...[...byToken.values()].flatMap((list) => findReplays(evidence, list)),
  ];
}

function findOverlaps(evidence: Evidence, list: readonly Presentation[]): Violation[] {
  return list.flatMap((second, index) =>
    list
      .slice(Math.max(0, index - 10), index)
      .filter((first) => (first.endedAtMs ?? Number.POSITIVE_INFINITY) > second.startedAtMs)
      .filter((first) => first.vault === undefined || !isExcused(evidence, first, second))
      .map((first) => ({
        rule: 'two_refreshes_at_once',
        guarantee: 'R2',
        atMs: second.startedAtMs,
        message: `two refreshes of one credential at the provider ${second.mode} at once, by vaults ${first.vault} and ${second.vault}`,
        evidence: { first, second },
      })),
  );
}

/** Whether one of the two was not master of its time. */
function isExcused({ faults }: Evidence, first: Presentation, second: Presentation): boolean {
  return (
    wasDisturbed(faults, first.vault, first.startedAtMs - aftermathMs, second.startedAtMs) ||
    wasDisturbed(faults, second.vault, second.startedAtMs - aftermathMs, second.startedAtMs)
  );
}

function findReplays(evidence: Evidence, list: readonly Presentation[]): Violation[] {
  const violations: Violation[] = [];
  let replays = 0;
  let refusals = 0;
  for (const [index, next] of list.entries()) {
    const previous = list[index - 1];
    if (previous === undefined) continue;
    if (previous.mode === 'none') {
      // It does not rotate, so each refresh presents the same token: only a refusal says something.
      refusals = isHeardRefusal(evidence, previous) ? refusals + 1 : 0;
      if (refusals > 1) violations.push(describe(next, list, 'R6', refusedAgain));
      continue;
    }
    if (wasUnserved(previous)) {
      replays = 0;
      continue;
    }
    if (previous.mode === 'strict') {
      violations.push(describe(next, list, 'R4', 'a strict provider was shown a refresh token twice'));
      continue;
    }
    if (isRefused(previous)) {
      if (isHeardRefusal(evidence, previous)) refusals += 1;
      replays = 0;
      if (refusals > 1) violations.push(describe(next, list, 'R6', refusedAgain));
      continue;
    }
    replays += 1;
    const isInterrupted =
      previous.outcome !== 'answered' ||
      previous.vault === undefined ||
      wasDisturbed(evidence.faults, previous.vault, previous.startedAtMs - aftermathMs, next.startedAtMs);
    if (!isInterrupted) {
      violations.push(
        describe(next, list, 'R4', 'a refresh token was presented twice without an interruption'),
      );
    } else if (replays > 1) {
      violations.push(
        describe(next, list, 'R4', 'a refresh token was replayed more than once for one interruption'),
      );
    }
  }
  return violations;
}

/** The provider answered that it could not serve: the token counts as unspent. */
function wasUnserved(presentation: Presentation): boolean {
  const { outcome, status = 0, error, action } = presentation;
  if (outcome !== 'answered') return false;
  return status >= 500 || status === 429 || error === 'invalid_client' || action === 'provider_html';
}

/** A process that was disturbed may never have heard of it. */
function isHeardRefusal({ faults }: Evidence, presentation: Presentation): boolean {
  const endedAtMs = presentation.endedAtMs ?? presentation.startedAtMs;
  return (
    isRefused(presentation) && !wasDisturbed(faults, presentation.vault, endedAtMs - 200, endedAtMs + 500)
  );
}

function isRefused(presentation: Presentation): boolean {
  return presentation.outcome === 'answered' && presentation.error === 'invalid_grant';
}

function describe(
  next: Presentation,
  list: readonly Presentation[],
  guarantee: string,
  message: string,
): Violation {
  return {
    rule: 'refresh_token_presented_twice',
    guarantee,
    atMs: next.startedAtMs,
    message: `${message} (${next.mode}, vault ${next.vault})`,
    evidence: list,
  };
}

function push<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
