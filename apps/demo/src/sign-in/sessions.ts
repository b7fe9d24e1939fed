import { randomBytes } from 'node:crypto';
import type { CallOutcome } from '../vault/send-message.js';

/** The signed-in person. `userToken` is the JWT that the vault checks. */
export interface DemoUser {
  readonly subject: string;
  readonly name: string;
  readonly email: string;
  readonly userToken: string;
  readonly expiresAtMs: number;
}

/** What the sign-in has to find again when the identity provider sends the browser back. */
export interface PendingSignIn {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** Words about the last action, shown once in the section that it belongs to. */
export interface Notice {
  readonly section: 'accounts' | 'trouble';
  readonly tone: 'good' | 'warn' | 'bad';
  readonly text: string;
}

/** One browser's state, kept in memory: the demo forgets it when it stops. */
export interface DemoSession {
  readonly id: string;
  readonly expiresAtMs: number;
  user?: DemoUser;
  pending?: PendingSignIn;
  outcome?: CallOutcome;
  notice?: Notice;
  /** What belongs to this user among the audit records. */
  readonly seen: { readonly grantIds: Set<string>; readonly callIds: Set<string> };
}

/** The sessions of all browsers. */
export interface Sessions {
  /** A session that has not expired. */
  find(id: string | undefined): DemoSession | undefined;
  create(lifetimeMs: number): DemoSession;
  end(id: string): void;
}

const sessionsMax = 1000;

/** Makes an empty store. `now` gives milliseconds since 1970. */
export function createSessions(now: () => number): Sessions {
  const sessions = new Map<string, DemoSession>();
  return {
    find(id) {
      const session = id === undefined ? undefined : sessions.get(id);
      if (session && session.expiresAtMs > now()) return session;
      if (session) sessions.delete(session.id);
      return undefined;
    },
    create(lifetimeMs) {
      // The oldest goes first: whoever only opens the sign-in page again and again must not fill the memory.
      const oldest = sessions.keys().next().value;
      if (sessions.size >= sessionsMax && oldest !== undefined) sessions.delete(oldest);
      const session: DemoSession = {
        id: randomBytes(32).toString('base64url'),
        expiresAtMs: now() + lifetimeMs,
        seen: { grantIds: new Set(), callIds: new Set() },
      };
      sessions.set(session.id, session);
      return session;
    },
    end: (id) => void sessions.delete(id),
  };
}
