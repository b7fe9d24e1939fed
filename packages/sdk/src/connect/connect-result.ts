import type { ConnectResult as WireResult } from '@alter-ai/core-contract';

/** Lifetime of a grant. */
export interface GrantPolicy {
  /** ISO 8601. */
  readonly expiresAt: string | undefined;
  readonly createdBy: 'developer' | 'end_user' | undefined;
  /** ISO 8601. */
  readonly createdAt: string | undefined;
}

/** One connected account (wire/2 §2.2). */
export interface ConnectResult {
  readonly grantId: string;
  readonly providerId: string;
  readonly accountIdentifier: string | null;
  readonly scopes: readonly string[];
  /** Where the account's API is, for providers with one address per customer. */
  readonly apiBaseUrl: string | undefined;
  /** `reauth` where the account was connected before and kept its grant id. */
  readonly operation: 'creation' | 'reauth';
  readonly grantPolicy: GrantPolicy | undefined;
}

/** One connected account from the wire. */
export function readConnectResult(wire: WireResult): ConnectResult {
  return {
    grantId: wire.grant_id,
    providerId: wire.provider_id,
    accountIdentifier: wire.account_identifier ?? null,
    scopes: wire.scopes,
    apiBaseUrl: wire.api_base_url,
    operation: wire.operation,
    grantPolicy: readGrantPolicy(wire.grant_policy),
  };
}

/** A grant's lifetime from the wire. */
export function readGrantPolicy(wire: WireResult['grant_policy']): GrantPolicy | undefined {
  if (wire === undefined) return undefined;
  return { expiresAt: wire.expires_at, createdBy: wire.created_by, createdAt: wire.created_at };
}
