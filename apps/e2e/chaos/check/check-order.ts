import { type Answer, type Evidence, type Violation, wasDisturbed } from './evidence.js';
import type { IssuedToken, TokenIndex } from './token-index.js';

interface Release {
  readonly answer: Answer;
  readonly token: IssuedToken;
}

/**
 * R5: what is stored never goes back. Once an access token was released, no call that began later may get one that was issued
 * before it, and no vault may present a refresh token that was issued before it.
 */
export function checkOrder(evidence: Evidence, tokens: TokenIndex): Violation[] {
  const byAccount = new Map<string, Release[]>();
  for (const answer of evidence.answers) {
    const token = answer.status === 200 ? tokens.findToken(answer.tokenSha256 ?? '') : undefined;
    if (token === undefined) continue;
    const list = byAccount.get(answer.account) ?? [];
    byAccount.set(answer.account, list);
    list.push({ answer, token });
  }
  return [...findOlderReleases(byAccount, tokens), ...findOlderPresentations(evidence, tokens, byAccount)];
}

function findOlderPresentations(
  evidence: Evidence,
  tokens: TokenIndex,
  byAccount: ReadonlyMap<string, readonly Release[]>,
): Violation[] {
  const newest = new Map<string, Release[]>();
  for (const list of byAccount.values()) {
    for (const release of [...list].sort((left, right) => left.answer.endedAtMs - right.answer.endedAtMs)) {
      const key = nameFamily(release.token);
      const steps = newest.get(key) ?? [];
      newest.set(key, steps);
      if (release.token.seq > (steps.at(-1)?.token.seq ?? 0)) steps.push(release);
    }
  }
  return evidence.presentations.flatMap((presentation) => {
    const token = tokens.findToken(presentation.tokenSha256);
    // A refresh token that does not rotate is always the first one.
    if (token === undefined || presentation.mode === 'none') return [];
    const { vault, startedAtMs } = presentation;
    const newer = newest
      .get(nameFamily(token))
      ?.find((release) => release.token.seq > token.seq && release.answer.endedAtMs < startedAtMs);
    if (newer === undefined) return [];
    // Who was stopped between its intent and its request sends what was the newest then.
    if (vault === undefined || wasDisturbed(evidence.faults, vault, startedAtMs - 2_500, startedAtMs))
      return [];
    return {
      rule: 'older_token_again',
      guarantee: 'R5',
      atMs: startedAtMs,
      message: `${token.account}: vault ${vault} presented a refresh token older than what was stored already`,
      evidence: { presentation, newer },
    };
  });
}

function nameFamily(token: IssuedToken): string {
  return `${token.mode}/${token.family}`;
}

function findOlderReleases(
  byAccount: ReadonlyMap<string, readonly Release[]>,
  tokens: TokenIndex,
): Violation[] {
  return [...byAccount.entries()].flatMap(([account, list]) => {
    const families = tokens.listFamilies(account).map(({ id }) => id);
    const rank = ({ token }: { token: IssuedToken }) => families.indexOf(token.family) * 1e9 + token.seq;
    const ended = [...list].sort((left, right) => left.answer.endedAtMs - right.answer.endedAtMs);
    const begun = [...list].sort((left, right) => left.answer.startedAtMs - right.answer.startedAtMs);
    const violations: Violation[] = [];
    let newest: (typeof list)[number] | undefined;
    let next = 0;
    for (const later of begun) {
      for (let earlier = ended[next]; earlier && earlier.answer.endedAtMs < later.answer.startedAtMs; ) {
        if (newest === undefined || rank(earlier) > rank(newest)) newest = earlier;
        next += 1;
        earlier = ended[next];
      }
      if (newest === undefined || rank(later) >= rank(newest)) continue;
      violations.push({
        rule: 'older_token_again',
        guarantee: 'R5',
        atMs: later.answer.endedAtMs,
        message: `${account}: an older access token came back after a newer one (vault ${later.answer.vault})`,
        evidence: { newer: newest, older: later },
      });
    }
    return violations;
  });
}
