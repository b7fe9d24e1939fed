import type { Answer, ConnectAttempt, GrantHistory, Violation } from '../check/evidence.js';
import type { ProviderMode } from '../schedule/build-schedule.js';

/** One account at one provider, and the grant that the tester holds for it. */
export interface Account {
  readonly name: string;
  readonly mode: ProviderMode;
  readonly subject: string;
  /** Its grants end by themselves after a few seconds. */
  readonly isExpiring: boolean;
  /** Undefined before the first connection and after a revocation. */
  grant: GrantHistory | undefined;
  /** Somebody is connecting, repairing or revoking it. */
  isBusy: boolean;
  /** Since when callers hear that it must be connected again. */
  deadSinceMs: number | undefined;
}

/** What the tester did and was told: nothing of it may be contradicted later. */
export interface Ledger {
  readonly accounts: readonly Account[];
  /** By grant id. */
  readonly grants: Map<string, GrantHistory>;
  /** By account. */
  readonly attempts: Map<string, ConnectAttempt[]>;
  readonly revoked: GrantHistory[];
  readonly answers: Answer[];
  readonly incidents: Violation[];
  noteAttempt(account: Account, lifetimeMs: number | undefined): ConnectAttempt;
  noteConnected(account: Account, attempt: ConnectAttempt, grantId: string): void;
  noteIncident(rule: string, guarantee: string, message: string, evidence: unknown): void;
}

/** Makes the ledger of a run. */
export function createLedger(accounts: readonly Account[]): Ledger {
  const grants = new Map<string, GrantHistory>();
  const attempts = new Map<string, ConnectAttempt[]>();
  const incidents: Violation[] = [];
  const noteIncident = (rule: string, guarantee: string, message: string, evidence: unknown): void => {
    incidents.push({ rule, guarantee, atMs: Date.now(), message, evidence });
  };
  return {
    accounts,
    grants,
    attempts,
    revoked: [],
    answers: [],
    incidents,
    noteIncident,
    noteAttempt(account, lifetimeMs) {
      const attempt: ConnectAttempt = {
        askedAtMs: Date.now(),
        acknowledgedAtMs: undefined,
        failure: undefined,
        lifetimeMs,
      };
      attempts.set(account.name, [...(attempts.get(account.name) ?? []), attempt]);
      return attempt;
    },
    noteConnected(account, attempt, grantId) {
      const nowMs = Date.now();
      attempt.acknowledgedAtMs = nowMs;
      const held = account.grant;
      if (held !== undefined && held.revokeAskedAtMs === undefined && held.grantId !== grantId) {
        noteIncident('repair_changed_grant', 'R6', `${account.name} has another grant id after a repair`, {
          before: held.grantId,
          after: grantId,
        });
      }
      const known = grants.get(grantId);
      const grant: GrantHistory = known ?? {
        account: account.name,
        mode: account.mode,
        subject: account.subject,
        grantId,
        connectedAtMs: [],
        revokeAskedAtMs: undefined,
        revokeAcknowledgedAtMs: undefined,
      };
      if (known !== undefined && known.account !== account.name) {
        noteIncident(
          'grant_of_another',
          'T2',
          `${account.name} was given the grant of ${known.account}`,
          grantId,
        );
      }
      grant.connectedAtMs.push(nowMs);
      grants.set(grantId, grant);
      account.grant = grant;
      account.deadSinceMs = undefined;
    },
  };
}
