import { createHash } from 'node:crypto';

/** Kinds of value that the servers hand out and take back. */
export type TokenType = 'authorization_code' | 'access_token' | 'refresh_token' | 'id_token' | 'unknown';

/** Where something happened: an endpoint of an emulated server. */
export type Endpoint =
  | 'authorize'
  | 'token'
  | 'revocation'
  | 'userinfo'
  | 'api'
  | 'jwks'
  | 'discovery'
  | 'page';

/**
 * `presented` is written when a request with the token has arrived, before anything is decided or delayed;
 * `accepted` or `refused` when the server has decided. `accepted` at the token endpoint means spent.
 */
export type LogEventName =
  | 'issued'
  | 'presented'
  | 'accepted'
  | 'refused'
  | 'revoked'
  | 'family_revoked'
  | 'misbehaved'
  | 'connection_cut'
  | 'abandoned';

/** One line of the log. A token appears only as the SHA-256 of its text, in hex. */
export type LogEvent = {
  /** Counts up from 1 over the whole log. */
  seq: number;
  /** ISO 8601 with milliseconds. */
  at: string;
  realm: string;
  event: LogEventName;
  endpoint: Endpoint;
  tokenType: TokenType;
  sha256?: string;
  /** One family is all that came from one authorization. */
  family?: string;
  /** 1 for the first token of its type in the family, then counting up. */
  generation?: number;
  clientId?: string;
  subject?: string;
  detail?: string;
};

/** What the log remembers about a token, found again by the token's hash. */
export type KnownToken = {
  realm: string;
  tokenType: TokenType;
  sha256: string;
  family: string;
  generation: number;
  clientId: string;
  subject: string;
};

type NewToken = Omit<KnownToken, 'sha256' | 'generation'> & { token: string };
type NewEvent = Omit<LogEvent, 'seq' | 'at' | 'sha256' | 'generation'> & { token?: string };

/** SHA-256 of a token's text, in hex: the only form in which the log holds it. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** The record of every token issued, presented, refused. */
export type TokenLog = {
  recordIssued(token: NewToken, endpoint: Endpoint): KnownToken;
  record(event: NewEvent): LogEvent;
  find(token: string): KnownToken | undefined;
  list(): LogEvent[];
  /** Forgets the events; tokens issued before stay known. */
  clear(): void;
};

/** Makes an empty log. `now` gives milliseconds since 1970. */
export function createTokenLog(now: () => number): TokenLog {
  let events: LogEvent[] = [];
  let seq = 0;
  const known = new Map<string, KnownToken>();
  const generations = new Map<string, number>();

  function append(event: Omit<LogEvent, 'seq' | 'at'>): LogEvent {
    seq += 1;
    const line = { seq, at: new Date(now()).toISOString(), ...event };
    events.push(line);
    return line;
  }

  return {
    recordIssued({ token, ...facts }, endpoint) {
      const sha256 = hashToken(token);
      const before = known.get(sha256);
      // A server that does not rotate hands out the same refresh token again: no new generation.
      if (before) {
        append({ ...before, event: 'issued', endpoint, detail: 'same token again' });
        return before;
      }
      const counter = `${facts.family}/${facts.tokenType}`;
      const generation = (generations.get(counter) ?? 0) + 1;
      generations.set(counter, generation);
      const entry = { ...facts, sha256, generation };
      known.set(sha256, entry);
      append({ ...entry, event: 'issued', endpoint });
      return entry;
    },
    record({ token, ...event }) {
      if (token === undefined) return append(event);
      const sha256 = hashToken(token);
      const facts = known.get(sha256);
      if (!facts) return append({ ...event, sha256 });
      const { realm: _home, ...rest } = facts;
      return append({ ...event, ...rest });
    },
    find: (token) => known.get(hashToken(token)),
    list: () => [...events],
    clear() {
      events = [];
    },
  };
}
