import type { LogEvent } from '@alter-ai/emulator';
import type { ProviderMode } from '../schedule/build-schedule.js';

/** Everything here is in milliseconds since 1970 by the clock of the tester, which no fault touches. */

/** One refresh request as it came to the gate before a provider. */
export interface Presentation {
  readonly id: number;
  readonly mode: ProviderMode;
  /** SHA-256 of the refresh token, as in the emulator's log. */
  readonly tokenSha256: string;
  /** Which vault sent it; undefined where the system does not tell. */
  readonly vault: number | undefined;
  readonly startedAtMs: number;
  /** When the vault had its answer, or one of the two sides ended the connection. */
  endedAtMs: number | undefined;
  /** What the vault got: an answer, or the end of the connection. */
  outcome: 'answered' | 'cut' | 'given_up' | undefined;
  status: number | undefined;
  /** OAuth error of the answer. */
  error: string | undefined;
  /** How often the gate passed it on to the provider. */
  forwarded: number;
  /** What the gate did with it. */
  action: string;
}

/** One answer to one caller. */
export interface Answer {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly vault: number;
  readonly account: string;
  readonly grantId: string;
  /** 0 where there was no answer. */
  readonly status: number;
  /** The error's code, or what ended the connection. */
  readonly code: string | undefined;
  readonly cause: string | undefined;
  readonly hasRetryAfter: boolean;
  readonly requestId: string | undefined;
  /** SHA-256 of the access token. */
  readonly tokenSha256: string | undefined;
}

/** One fault that happened. */
export interface FaultRecord {
  readonly id: number;
  readonly track: 'provider' | 'system' | 'world';
  readonly kind: string;
  readonly startedAtMs: number;
  endedAtMs: number | undefined;
  /** Vaults that it concerns; undefined: all. */
  readonly vaults: readonly number[] | undefined;
  readonly modes: readonly ProviderMode[];
  detail: string;
  /** Until when everything has to be well again. */
  recoveredAtMs: number | undefined;
}

/** One grant of one account, as the tester knows it. */
export interface GrantHistory {
  readonly account: string;
  readonly mode: ProviderMode;
  readonly subject: string;
  readonly grantId: string;
  /** Connections and repairs that were acknowledged. */
  readonly connectedAtMs: number[];
  revokeAskedAtMs: number | undefined;
  revokeAcknowledgedAtMs: number | undefined;
}

/** One attempt to connect an account, whether or not it was heard to succeed. */
export interface ConnectAttempt {
  readonly askedAtMs: number;
  acknowledgedAtMs: number | undefined;
  /** Why it was not heard to succeed. */
  failure: string | undefined;
  /** Undefined: the grant does not end by itself. */
  readonly lifetimeMs: number | undefined;
}

/** A change of a credential's state that was seen in the database. */
export interface CredentialChange {
  readonly account: string;
  readonly grantId: string;
  /** When the credential was still as before. */
  readonly afterMs: number;
  readonly seenAtMs: number;
  readonly status: string;
  readonly cause: string | null;
  readonly evidence: string | null;
}

/** A look at a vault through a grant that needs no provider. */
export interface Probe {
  readonly vault: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly isOk: boolean;
}

/** What the run has seen so far. */
export interface Evidence {
  readonly presentations: readonly Presentation[];
  readonly answers: readonly Answer[];
  readonly faults: readonly FaultRecord[];
  readonly grants: ReadonlyMap<string, GrantHistory>;
  /** By account. */
  readonly attempts: ReadonlyMap<string, readonly ConnectAttempt[]>;
  readonly changes: readonly CredentialChange[];
  readonly probes: readonly Probe[];
  /** Ids of requests whose release is on record in the database. */
  readonly recordedReleases: ReadonlySet<string>;
  /** Grants whose credential was declared dead, by the records. */
  readonly recordedDeaths: ReadonlySet<string>;
  /** When the last complete reading of the records began. */
  readonly recordsReadAtMs: number;
  readonly providerLogs: ReadonlyMap<ProviderMode, readonly LogEvent[]>;
  /** Faults of the run itself: a vault that ended by itself, a repair that changed the grant id. */
  readonly incidents: readonly Violation[];
}

/** Something that must not happen, with what proves it. */
export interface Violation {
  readonly rule: string;
  /** Guarantee that is broken. */
  readonly guarantee: string;
  readonly atMs: number;
  readonly message: string;
  readonly evidence: unknown;
}

/** A clock that is stepped is no reason for anything: no vault may do wrong for it. */
const isExcuse = (fault: FaultRecord): boolean =>
  fault.track !== 'provider' && !fault.kind.startsWith('clock_');

/** Whether a fault that can interrupt work concerned this vault between two times; undefined: any vault. */
export function wasDisturbed(
  faults: readonly FaultRecord[],
  vault: number | undefined,
  fromMs: number,
  untilMs: number,
): boolean {
  return faults.some(
    (fault) =>
      isExcuse(fault) &&
      overlaps(fault, fromMs, untilMs) &&
      (vault === undefined || fault.vaults === undefined || fault.vaults.includes(vault)),
  );
}

/** Whether a fault lasted, its recovery included, at some time between the two. */
export function overlaps(fault: FaultRecord, fromMs: number, untilMs: number): boolean {
  const endMs = Math.max(fault.recoveredAtMs ?? 0, fault.endedAtMs ?? Number.POSITIVE_INFINITY);
  return fault.startedAtMs <= untilMs && endMs >= fromMs;
}
