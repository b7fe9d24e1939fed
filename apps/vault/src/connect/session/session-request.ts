import type { ConnectSessionRequest } from '@alter-ai/core-contract';

/** What a session remembers of its request: everything but the user token. */
export interface SessionRequest {
  /** Provider ids on offer, in the order asked for. */
  readonly providers: readonly string[];
  readonly returnUrl: string | null;
  readonly allowedOrigin: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly isDirect: boolean;
  readonly isAccountSwitch: boolean;
  readonly allowsUserRules: boolean;
  readonly lifetime: SessionLifetime | null;
  /** Provider id → scopes to ask for instead of the configured ones. */
  readonly requiredScopes: Readonly<Record<string, readonly string[]>>;
  readonly label: string | null;
  readonly repairGrantId: string | null;
  /** Caller that made the session, for the audit record. */
  readonly caller: string | null;
}

/** Bounds of a new grant's life. */
export interface SessionLifetime {
  readonly expiresAtMs: number | null;
  readonly maxSeconds: number | null;
  readonly defaultSeconds: number | null;
}

/** Reads the stored request back. */
export function readSessionRequest(json: string): SessionRequest {
  return JSON.parse(json) as SessionRequest;
}

/** Takes over the fields that need no check against the app's settings. */
export function copyPlainFields(body: ConnectSessionRequest) {
  return {
    metadata: body.metadata ?? null,
    isAccountSwitch: body.switch_account === true,
    allowsUserRules: body.allow_user_policy_rules !== false,
    label: body.requested_grant?.label ?? null,
  };
}

/**
 * When a new grant ends.
 * @param chosenSeconds lifetime that the user picked on the page, already within the maximum.
 */
export function computeGrantExpiry(
  lifetime: SessionLifetime | null,
  chosenSeconds: number | null,
  nowMs: number,
): number | null {
  const seconds = chosenSeconds ?? lifetime?.defaultSeconds ?? lifetime?.maxSeconds ?? null;
  const byLifetime = seconds === null ? null : nowMs + seconds * 1000;
  const byDate = lifetime?.expiresAtMs ?? null;
  if (byLifetime === null) return byDate;
  return byDate === null ? byLifetime : Math.min(byLifetime, byDate);
}
