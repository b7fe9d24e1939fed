import type { LogEvent } from '@alter-ai/emulator';
import type { Fleet } from './fleet.js';
import type { Place } from './load/accounts.js';
import type { CallerReport } from './load/report.js';
import { reuseWindowSeconds } from './modes.js';

/** The figures of one mode, and what of them must not be. */
export interface Figures {
  readonly mode: string;
  readonly title: string;
  readonly credentials: number;
  readonly calls: number;
  readonly kills: number;
  readonly interrupted: number;
  /** … of them before a byte was written to the provider. */
  readonly interruptedUnsent: number;
  /** Refresh requests that reached the provider, and those it served. */
  readonly presented: number;
  readonly served: number;
  /** Requests that the provider served for one credential, fewest and most. */
  readonly servedPerCredential: string;
  /** Refresh tokens that were served twice, or came again after they had been spent. */
  readonly spentTwice: number;
  /** Replays for one kill of one credential, the most. */
  readonly replaysPerKill: number;
  readonly lateReplays: number;
  readonly lost: number;
  readonly needsReauth: number;
  /** Credentials that no kill concerned and that were not simply refreshed once. */
  readonly othersTouched: number;
  readonly answered: string;
  readonly violations: readonly string[];
}

/** A refresh that was under way in a process when it was killed. */
export interface Interruption {
  readonly grantId: string;
  /** False: the process was killed before its connection to the provider stood. */
  readonly isSent: boolean;
}

/** What a run has seen of one mode. */
export interface Observation {
  readonly place: Place;
  readonly kills: number;
  readonly interrupted: readonly Interruption[];
  readonly reports: readonly CallerReport[];
}

interface StoredCredential {
  readonly grant_id: string;
  readonly subject: string;
  readonly status: string;
  readonly death_cause: string | null;
  readonly generation: number;
}

/** Counts from the provider's log and the database. */
export async function judge(fleet: Fleet, seen: Observation, final: CallerReport): Promise<Figures> {
  const { place } = seen;
  const { mode, provider, grantIds } = place;
  const { rows } = await fleet.database.query<StoredCredential>(
    `select g.id as grant_id, g.subject, c.status, c.death_cause, c.generation
      from grants g join credentials c on c.app_id = g.app_id and c.id = g.credential_id where g.id = any($1)`,
    [grantIds],
  );
  const interrupted = new Set(seen.interrupted.map(({ grantId }) => grantId));
  const sent = new Set(seen.interrupted.filter(({ isSent }) => isSent).map(({ grantId }) => grantId));
  const uses = countUses(provider.log());
  const bySubject = new Map<string, Use[]>();
  for (const use of uses) bySubject.set(use.subject, [...(bySubject.get(use.subject) ?? []), use]);
  const readUses = (row: StoredCredential) => bySubject.get(row.subject) ?? [];
  const sum = (count: (use: Use) => number, list: readonly Use[] = uses) =>
    list.reduce((total, use) => total + count(use), 0);

  const served = rows.map((row) => sum((use) => use.accepted, readUses(row)));
  // Two requests may both arrive before the first is served.
  const spentTwice = uses.filter((use) => use.replays > 0 || use.accepted > 1);
  const dead = rows.filter((row) => row.status !== 'active');
  const working = await findWorkingTokens(place, final);
  const isDeadByRule = (row: StoredCredential) =>
    mode.id === 'c' && sent.has(row.grant_id) && row.death_cause === 'interrupted_refresh';
  const lost = rows.filter((row) => !working.has(row.grant_id) && !isDeadByRule(row));
  const touched = rows.filter(
    (row) =>
      !interrupted.has(row.grant_id) &&
      (row.status !== 'active' ||
        Number(row.generation) !== 2 ||
        sum((use) => use.presented, readUses(row)) !== 1),
  );
  const answers = { ok: 0, needsUser: 0, other: 0 };
  for (const report of seen.reports) {
    for (const grantId of grantIds) {
      const counts = report.outcomes[grantId];
      answers.ok += counts?.ok ?? 0;
      answers.needsUser += counts?.needsUser ?? 0;
      answers.other += counts?.other ?? 0;
    }
  }
  const lateReplays = uses.filter((use) => use.lastReplayAfterMs > reuseWindowSeconds * 1000).length;
  const replaysPerKill = Math.max(0, ...spentTwice.map((use) => use.replays));
  const needlessQuestions = seen.reports.flatMap((report) =>
    grantIds.filter((id) => (report.outcomes[id]?.needsUser ?? 0) > 0 && !sent.has(id)),
  );
  const familiesRevoked = provider.summarizeLog().familiesRevoked.length;

  const violations: string[] = [];
  const demand = (isHeld: boolean, text: string) => {
    if (!isHeld) violations.push(`(${mode.id}) ${text}`);
  };
  demand(seen.interrupted.length > 0, 'no kill met a refresh under way: nothing was proven');
  demand(rows.length === grantIds.length, 'credentials are missing from the database');
  demand(lost.length === 0, `${lost.length} credentials lost`);
  demand(touched.length === 0, `${touched.length} credentials touched that no kill concerned`);
  demand(familiesRevoked === 0, `the provider ended ${familiesRevoked} families`);
  demand(
    answers.other === 0,
    `${answers.other} calls had another answer: ${seen.reports.flatMap((r) => r.unexpected).slice(0, 5)}`,
  );
  demand(needlessQuestions.length === 0, `${needlessQuestions.length} users were asked for nothing`);
  if (mode.id === 'a') {
    demand(spentTwice.length === 0, `${spentTwice.length} tokens spent twice`);
    demand(
      served.every((count) => count === 1),
      'a credential was not refreshed exactly once',
    );
  }
  if (mode.id === 'b') {
    demand(replaysPerKill <= 1, `${replaysPerKill} replays for one kill`);
    demand(
      spentTwice.every((use) => rows.some((row) => row.subject === use.subject && sent.has(row.grant_id))),
      'a replay without a kill',
    );
    demand(lateReplays === 0, `${lateReplays} replays outside the window`);
  }
  if (mode.id === 'c') {
    demand(spentTwice.length === 0, `${spentTwice.length} replays at a strict provider`);
    demand(
      dead.length === sent.size && dead.every(isDeadByRule),
      `${dead.length} credentials need their user, ${sent.size} were interrupted after they were sent`,
    );
  } else demand(dead.length === 0, `${dead.length} credentials need their user`);

  return {
    mode: mode.id,
    title: mode.title,
    credentials: grantIds.length,
    calls: answers.ok + answers.needsUser + answers.other,
    kills: seen.kills,
    interrupted: interrupted.size,
    interruptedUnsent: interrupted.size - sent.size,
    presented: sum((use) => use.presented),
    served: sum((use) => use.accepted),
    servedPerCredential: `${Math.min(...served)}-${Math.max(...served)}`,
    spentTwice: spentTwice.length,
    replaysPerKill,
    lateReplays,
    lost: lost.length,
    needsReauth: dead.length,
    othersTouched: touched.length,
    answered: `${answers.ok} ok, ${answers.needsUser} reconnect, ${answers.other} other`,
    violations,
  };
}

interface Use {
  readonly subject: string;
  presented: number;
  accepted: number;
  /** Presentations that came after it had been spent. */
  replays: number;
  firstAcceptedAtMs: number | null;
  lastReplayAfterMs: number;
}

/** What happened to each refresh token, by the provider's own log. */
function countUses(events: readonly LogEvent[]): Use[] {
  const uses = new Map<string, Use>();
  for (const event of events) {
    if (event.endpoint !== 'token' || event.tokenType !== 'refresh_token' || !event.sha256) continue;
    if (event.event !== 'presented' && event.event !== 'accepted') continue;
    const use = uses.get(event.sha256) ?? {
      subject: event.subject ?? '',
      presented: 0,
      accepted: 0,
      replays: 0,
      firstAcceptedAtMs: null,
      lastReplayAfterMs: 0,
    };
    uses.set(event.sha256, use);
    const atMs = Date.parse(event.at);
    if (event.event === 'presented') {
      use.presented += 1;
      if (use.firstAcceptedAtMs !== null) {
        use.replays += 1;
        use.lastReplayAfterMs = atMs - use.firstAcceptedAtMs;
      }
    } else {
      use.accepted += 1;
      use.firstAcceptedAtMs ??= atMs;
    }
  }
  return [...uses.values()];
}

/** Grants whose token the provider's API takes, in the end. */
async function findWorkingTokens(place: Place, final: CallerReport): Promise<Set<string>> {
  const working = new Set<string>();
  for (const grantId of place.grantIds) {
    const token = final.tokens[grantId];
    if (token === undefined) continue;
    const answer = await fetch(`${place.provider.issuer}/me`, {
      headers: { authorization: `Bearer ${token}` },
    });
    if (answer.ok) working.add(grantId);
    await answer.body?.cancel();
  }
  return working;
}
