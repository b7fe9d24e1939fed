// What comes and goes with people: users, grants, credentials, sessions. Times, flags and sealed columns as in ../tables.ts.
import type { Generated } from 'kysely';

/** A user of one app: issuer and subject of the app's identity provider. Unique (app_id, issuer, subject). */
export interface UserTable {
  app_id: string;
  id: string;
  issuer: string;
  subject: string;
  email: string | null;
  display_name: string | null;
  created_at: number;
  last_seen_at: number;
}

/** A caller that has been seen. Unique (app_id, caller, caller_type). */
export interface ActorTable {
  app_id: string;
  id: string;
  caller: string;
  caller_type: string;
  created_at: number;
}

/** What is encrypted: the tokens of one account at one provider configuration. */
export interface CredentialTable {
  app_id: string;
  id: string;
  provider_config_id: string;
  /** The whole token answer and the tokens taken from it, one sealed JSON value; of a managed secret its fields. */
  sealed_tokens: Buffer;
  /** Credentials of managed secrets: who stored it, and the label that tells a developer's apart. */
  owner: 'developer' | 'end_user' | null;
  label: string | null;
  /** R5: compare-and-set counter; grows with every stored token set. */
  generation: number;
  /** UUID of the current token set, `token_generation` on the wire. */
  token_generation: string;
  scopes_json: string;
  /** Chosen fields of the token answer and connect parameters, e.g. `{"instance_url": …}`; nothing secret. */
  metadata_json: string;
  access_expires_at: number | null;
  /** When the access token was obtained; the refresh buffer is never more than half of its lifetime (R1). */
  access_issued_at: number;
  refresh_expires_at: number | null;
  /** What a refresh did to `refresh_expires_at`, once one has been seen: a later end each time, or the same one. */
  refresh_expiry_kind: 'renewed' | 'fixed' | null;
  /** When the user last authorized it: lifetimes that a refresh does not renew count from here. */
  authorized_at: number | null;
  /** R1: when it is refreshed in the background, so that no limit of its provider passes; null where there is none. */
  renew_at: number | null;
  has_refresh_token: number;
  /** It does not leave the vault, through whichever grant (B7). */
  is_proxy_only: Generated<number>;
  status: 'active' | 'needs_reauth' | 'revoked';
  /** Code of the cause of death, e.g. `invalid_grant`, `interrupted_refresh`, and its evidence. */
  death_cause: string | null;
  death_evidence_json: string | null;
  died_at: number | null;
  /** When it died, as long as nobody has looked whether that is on record (A4). */
  unrecorded_since: number | null;
  /** Set when a provider answered 401 for the current token generation: the next use refreshes. */
  is_refresh_forced: number;
  /** R8: no attempt before this time. Shared time, as are `invalid_grant_at`, `lease_deadline` and `intent_at` (`Storage.sharedNow`). */
  retry_at: number | null;
  failures: number;
  /** R6: first definite `invalid_grant` for the current refresh token. */
  invalid_grant_at: number | null;
  /** R2: lease. */
  lease_holder: string | null;
  lease_deadline: number | null;
  lease_generation: number;
  /** R3: open intent: generation that is being refreshed, SHA-256 of the refresh token, time, and whether it was a replay. */
  intent_generation: number | null;
  intent_hash: string | null;
  intent_at: number | null;
  intent_is_replay: number;
  /** R4: the lease generation under which no byte has been written to the provider yet. */
  intent_unsent_lease: number | null;
  created_at: number;
  updated_at: number;
}

/**
 * The right to use one credential. Unique while not revoked:
 * (app_id, principal_type, principal_id, provider_config_id, issuer, subject, sibling_label).
 */
export interface GrantTable {
  app_id: string;
  id: string;
  provider_id: string;
  provider_config_id: string;
  credential_id: string;
  grant_kind: Generated<'oauth' | 'managed_secret'>;
  principal_type: 'user' | 'system' | 'group';
  /** User id, `system`, or issuer and id of a group (`writeGroupId`). */
  principal_id: string;
  issuer: string;
  subject: string;
  account_identifier: string;
  account_display_name: string | null;
  label: string | null;
  /** Tells grants on one credential apart: the label of a minted one and of one on a managed secret, else empty. */
  sibling_label: Generated<string>;
  status: 'active' | 'revoked';
  scopes_json: string;
  /** Scopes that a report or a provider 403 named; not null means the next use is refused (scope_mismatch). */
  mismatch_json: string | null;
  expires_at: number | null;
  /** max_ttl_seconds, created_by, created_at, tags, is_from_file. */
  policy_json: string | null;
  /** Parameters given on the connect page, e.g. `{"subdomain": "acme"}`. */
  parameters_json: string;
  created_at: number;
  revoked_at: number | null;
  revoked_by: string | null;
  revocation_result: string | null;
  /** When the provider is asked (again) to end it; null: nothing is left to do. Shared time. */
  revocation_due_at: number | null;
  revocation_attempts: number | null;
  /** The record of `expires_at` having passed (A4): 0 there is none, 1 begun, 2 written. */
  expiry_record_state: Generated<number>;
  /** When it was made or reauthorized, as long as nobody has looked whether that is on record (A4). */
  unrecorded_since: number | null;
}

/** When a grant was last used; no row: never. Written behind the calls (`noteUse`). */
export interface GrantUseTable {
  app_id: string;
  grant_id: string;
  last_used_at: number;
}

/** One connect session. */
export interface ConnectSessionTable {
  app_id: string;
  id: string;
  /** SHA-256 of the session token; unique. */
  token_hash: string;
  user_id: string | null;
  status: 'pending' | 'completed' | 'error' | 'expired';
  /** The session's request as accepted (no user token), JSON. */
  request_json: string;
  /** SHA-256 of the cookie of the browser that opened it; null until opened. */
  browser_hash: string | null;
  /** Connected so far: `[{ grant_id, operation, provider_id, … }]`. */
  results_json: string;
  declined_json: string;
  /** `{ code, message, reference }` once failed. */
  error_json: string | null;
  /** Sealed state of an account mismatch that waits for a decision (tokens of the other account). */
  sealed_mismatch: Buffer | null;
  notice_json: string | null;
  version: number;
  created_at: number;
  expires_at: number;
  finished_at: number | null;
}

/** One authorization under way at a provider: what the state parameter stands for. */
export interface AuthorizationTable {
  app_id: string;
  id: string;
  session_id: string;
  /** SHA-256 of the state parameter; unique. */
  state_hash: string;
  provider_config_id: string;
  /** SHA-256 of the browser's cookie (C3). */
  browser_hash: string;
  /** PKCE verifier, OpenID nonce, connect parameters, lifetime, options: one sealed JSON value. */
  sealed_state: Buffer;
  created_at: number;
  expires_at: number;
  spent_at: number | null;
}
