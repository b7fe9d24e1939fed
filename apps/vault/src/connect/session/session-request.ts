import type { ConnectSessionRequest } from '@alter-ai/core-contract';
import { ApiError } from '../../http/api-error.js';

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
  /** The new grant's credential does not leave the vault; absent in sessions of older versions. */
  readonly isProxyOnly?: boolean;
  /** Provider id → scopes to ask for instead of the configured ones. */
  readonly requiredScopes: Readonly<Record<string, readonly string[]>>;
  readonly label: string | null;
  readonly repairGrantId: string | null;
  /** Caller that made the session, for the audit record. */
  readonly caller: string | null;
  /** Set in a session in which the user enters a key of their own. */
  readonly keyEntry?: KeyEntryRequest;
}

/** Which managed secret a key is entered for. */
export interface KeyEntryRequest {
  readonly secretId: string;
  /** What the page does: offers a grant that works already, asks for a key, or replaces the key of a grant. */
  readonly path: 'fast_path' | 'key_entry' | 'repair';
  readonly existingGrantId: string | null;
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
    isProxyOnly: body.grant_policy?.proxy_only === true,
  };
}

/** Reads the bounds that a developer sets. @throws ApiError `invalid_grant_policy` they contradict each other, or are over */
export function readLifetime(
  policy: ConnectSessionRequest['grant_policy'],
  nowMs: number,
): SessionLifetime | null {
  if (!policy) return null;
  const maxSeconds = policy.max_ttl_seconds ?? null;
  const defaultSeconds = policy.default_ttl_seconds ?? null;
  const expiresAtMs = policy.expires_at ? Date.parse(policy.expires_at) : null;
  if (maxSeconds !== null && defaultSeconds !== null && defaultSeconds > maxSeconds) {
    throw new ApiError('invalid_grant_policy', {
      message: 'default_ttl_seconds may not exceed max_ttl_seconds.',
    });
  }
  if (expiresAtMs !== null && expiresAtMs <= nowMs) {
    throw new ApiError('invalid_grant_policy', { message: 'expires_at is in the past.' });
  }
  if (maxSeconds === null && defaultSeconds === null && expiresAtMs === null) return null;
  return { expiresAtMs, maxSeconds, defaultSeconds };
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
