import type { LogEvent, TokenType } from './token-log.js';

/** How often one refresh token came to the token endpoint. */
export type RefreshUse = {
  sha256: string;
  realm: string;
  family: string;
  generation: number;
  presented: number;
  accepted: number;
  refused: number;
  /** Presentations that came after the server had accepted (spent) it. */
  presentedAfterSpent: number;
};

/** Figures over a log; refresh tokens are judged at the token endpoint only. */
export type LogSummary = {
  events: number;
  issued: Record<TokenType, number>;
  refreshPresented: number;
  refreshAccepted: number;
  refreshRefused: number;
  /** Refresh tokens that arrived more than once, whatever came of it. */
  refreshPresentedTwice: RefreshUse[];
  /** Refresh tokens that arrived again after they had been spent: what must not happen with a strict provider. */
  refreshReplayed: RefreshUse[];
  familiesRevoked: string[];
  connectionsCut: number;
  requestsAbandoned: number;
};

/** Counts what happened in a log: the figures of guarantees.md (R) come from here. */
export function summarizeLog(events: readonly LogEvent[]): LogSummary {
  const issued = { authorization_code: 0, access_token: 0, refresh_token: 0, id_token: 0, unknown: 0 };
  const uses = new Map<string, RefreshUse>();
  const familiesRevoked = new Set<string>();
  let connectionsCut = 0;
  let requestsAbandoned = 0;
  for (const event of events) {
    if (event.event === 'issued') issued[event.tokenType] += 1;
    if (event.event === 'family_revoked' && event.family) familiesRevoked.add(event.family);
    if (event.event === 'connection_cut') connectionsCut += 1;
    if (event.event === 'abandoned') requestsAbandoned += 1;
    if (event.tokenType === 'refresh_token' && event.endpoint === 'token') countUse(uses, event);
  }
  const all = [...uses.values()];
  return {
    events: events.length,
    issued,
    refreshPresented: all.reduce((sum, use) => sum + use.presented, 0),
    refreshAccepted: all.reduce((sum, use) => sum + use.accepted, 0),
    refreshRefused: all.reduce((sum, use) => sum + use.refused, 0),
    refreshPresentedTwice: all.filter((use) => use.presented > 1),
    refreshReplayed: all.filter((use) => use.presentedAfterSpent > 0),
    familiesRevoked: [...familiesRevoked],
    connectionsCut,
    requestsAbandoned,
  };
}

function countUse(uses: Map<string, RefreshUse>, event: LogEvent): void {
  if (!event.sha256) return;
  const use = uses.get(event.sha256) ?? {
    sha256: event.sha256,
    realm: event.realm,
    family: event.family ?? '',
    generation: event.generation ?? 0,
    presented: 0,
    accepted: 0,
    refused: 0,
    presentedAfterSpent: 0,
  };
  uses.set(event.sha256, use);
  if (event.event === 'presented') {
    if (use.accepted > 0) use.presentedAfterSpent += 1;
    use.presented += 1;
  }
  if (event.event === 'accepted') use.accepted += 1;
  if (event.event === 'refused') use.refused += 1;
}
