import type { LogEvent } from '@alter-ai/emulator';
import type { ProviderMode } from '../schedule/build-schedule.js';
import type { Evidence } from './evidence.js';

/** What the provider knows of a token it has issued. */
export interface IssuedToken {
  readonly mode: ProviderMode;
  readonly account: string;
  /** All that came of one authorization. */
  readonly family: string;
  /** Place in the order in which its provider issued tokens. */
  readonly seq: number;
}

/** One authorization of an account at its provider. */
export interface Family {
  readonly id: string;
  readonly startedAtMs: number;
  /** When the provider first refused one of its refresh tokens; undefined: never. */
  refusedAtMs: number | undefined;
}

/** The emulators' logs, by token and by account. */
export interface TokenIndex {
  findToken(sha256: string): IssuedToken | undefined;
  /** In the order of their authorization. */
  listFamilies(account: string): readonly Family[];
}

/** The tester's name of an account. */
export function nameAccount(mode: ProviderMode, subject: string): string {
  return `${mode}/${subject}`;
}

/** Reads the logs. */
export function indexTokens(evidence: Pick<Evidence, 'providerLogs'>): TokenIndex {
  const tokens = new Map<string, IssuedToken>();
  const families = new Map<string, Family>();
  const byAccount = new Map<string, Family[]>();
  for (const [mode, events] of evidence.providerLogs) {
    for (const event of events) note(mode, event);
  }
  return {
    findToken: (sha256) => tokens.get(sha256),
    listFamilies: (account) => byAccount.get(account) ?? [],
  };

  function note(mode: ProviderMode, event: LogEvent): void {
    const { sha256, family, subject, seq } = event;
    if (sha256 === undefined || family === undefined || subject === undefined) return;
    const atMs = Date.parse(event.at);
    const account = nameAccount(mode, subject);
    const key = `${mode}/${family}`;
    if (event.event === 'issued') {
      if (!tokens.has(sha256)) tokens.set(sha256, { mode, account, family, seq });
      if (families.has(key)) return;
      const started: Family = { id: family, startedAtMs: atMs, refusedAtMs: undefined };
      families.set(key, started);
      byAccount.set(account, [...(byAccount.get(account) ?? []), started]);
    }
    const isRefusal =
      event.event === 'refused' && event.endpoint === 'token' && event.tokenType === 'refresh_token';
    const known = families.get(key);
    if (isRefusal && known) known.refusedAtMs ??= atMs;
  }
}
