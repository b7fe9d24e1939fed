import type { Generated } from 'kysely';

/**
 * Every table as kysely sees it. Times are milliseconds since 1970 (`bigint` in PostgreSQL, read as number), flags are 0 or 1,
 * `*_json` columns hold JSON text, `sealed_*` columns hold sealed records (K1). Every row but those of the server itself starts with
 * `app_id`, so that apps can be spread over databases.
 */
export interface Tables {
  meta: MetaTable;
  apps: AppTable;
  data_keys: DataKeyTable;
  api_keys: ApiKeyTable;
  provider_configs: ProviderConfigTable;
  identity_providers: IdentityProviderTable;
  policies: PolicyTable;
  users: UserTable;
  actors: ActorTable;
  credentials: CredentialTable;
  grants: GrantTable;
  connect_sessions: ConnectSessionTable;
  authorizations: AuthorizationTable;
  audit_chains: AuditChainTable;
  audit_records: AuditRecordTable;
  audit_checkpoints: AuditCheckpointTable;
  audit_checkpoint_chains: AuditCheckpointChainTable;
  audit_overdue: AuditOverdueTable;
  nonces_0: NonceTable;
  nonces_1: NonceTable;
  nonces_2: NonceTable;
  job_leases: JobLeaseTable;
  key_rotations: KeyRotationTable;
  audit_consumers: AuditConsumerTable;
  audit_cursors: AuditCursorTable;
  webhooks: WebhookTable;
  webhook_deliveries: WebhookDeliveryTable;
  processes: ProcessTable;
}

/** Facts about the whole database: canary, lookup key, audit chain register. */
export interface MetaTable {
  key: string;
  value: Buffer;
}

/** One app (tenant). `version` grows with every change of anything that belongs to the app's settings. */
export interface AppTable {
  id: string;
  slug: string;
  name: string;
  /** website_url, allowed_origins, return_urls, connect_session_ttl_seconds, branding, allowed_networks. */
  settings_json: string;
  version: number;
  /** The app's key-encryption key, wrapped by the root key (K2); empty once shredded. */
  wrapped_key: Buffer;
  /** Set when the app's key was destroyed. */
  shredded_at: Generated<number | null>;
  created_at: number;
  updated_at: number;
}

/** A data key, wrapped by its app's key (K2). */
export interface DataKeyTable {
  app_id: string;
  id: string;
  wrapped_key: Buffer;
  created_at: number;
  /** K3: seals nothing more since then; what it sealed is being re-encrypted. */
  retired_at: Generated<number | null>;
  /** K3: since then the database refuses a value sealed with it. */
  closed_at: Generated<number | null>;
}

/** An API key: never the key itself (K5). */
export interface ApiKeyTable {
  app_id: string;
  id: string;
  name: string;
  key_type: 'rk' | 'ak' | 'dk' | 'app';
  key_prefix: string;
  /** Keyed digest of the key's public id; unique. */
  lookup_digest: string;
  /** The signing key (HMAC of the API key), sealed. */
  sealed_signing_key: Buffer;
  scopes_json: string | null;
  cidr_allowlist_json: string | null;
  expires_at: number | null;
  revoked_at: number | null;
  /** True when the key is written in the configuration file (so export does not repeat it). */
  is_from_file: number;
  created_at: number;
}

/** A provider as one app uses it. */
export interface ProviderConfigTable {
  app_id: string;
  id: string;
  provider_id: string;
  /** Provider id, or slug of a managed secret. */
  kind: Generated<'oauth' | 'managed_secret'>;
  /**
   * What the configuration file says of the provider beyond client and scopes: overrides of the catalogue entry. Of a managed
   * secret its definition, or `null` once it was taken out.
   */
  overrides_json: string;
  client_id: string | null;
  /** JSON array of live client secrets, newest first, sealed; null for none. */
  sealed_client_secrets: Buffer | null;
  /** `[{ "scope": string, "required": boolean }]`. */
  scopes_json: string;
  /** R7: set while the provider refuses the app's client credentials. Shared time (`Storage.sharedNow`). */
  breaker_open_until: number | null;
  breaker_code: string | null;
  breaker_failures: number;
  /** The lifetimes that its credentials' `renew_at` were planned with; other ones mean planning anew. */
  renewal_facts: string | null;
  created_at: number;
  updated_at: number;
}

/** The identity provider of one app. */
export interface IdentityProviderTable {
  app_id: string;
  id: string;
  issuer: string;
  audience: string;
  claims_json: string;
  sign_in_json: string | null;
  sealed_sign_in_secret: Buffer | null;
  created_at: number;
}

/** One policy of one app. */
export interface PolicyTable {
  app_id: string;
  id: string;
  name: string;
  target_kind: 'app' | 'provider' | 'agent' | 'grant';
  target_id: string | null;
  rule_json: string;
  created_at: number;
}

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
  /** R5: compare-and-set counter; grows with every stored token set. */
  /** Credentials of managed secrets: who stored it, and the label that tells a developer's apart. */
  owner: 'developer' | 'end_user' | null;
  label: string | null;
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
  status: 'active' | 'needs_reauth' | 'revoked';
  /** Code of the cause of death, e.g. `invalid_grant`, `interrupted_refresh`, and its evidence. */
  death_cause: string | null;
  death_evidence_json: string | null;
  died_at: number | null;
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
  status: 'active' | 'revoked';
  /** Tells grants on one credential apart: the label of a minted one and of one on a managed secret, else empty. */
  sibling_label: Generated<string>;
  scopes_json: string;
  /** Scopes that a report or a provider 403 named; not null means the next use is refused (scope_mismatch). */
  mismatch_json: string | null;
  expires_at: number | null;
  /** max_ttl_seconds, created_by, created_at. */
  policy_json: string | null;
  /** Parameters given on the connect page, e.g. `{"subdomain": "acme"}`. */
  parameters_json: string;
  created_at: number;
  last_used_at: number | null;
  revoked_at: number | null;
  revoked_by: string | null;
  revocation_result: string | null;
  /** When the provider is asked (again) to end it; null: nothing is left to do. Shared time. */
  revocation_due_at: number | null;
  revocation_attempts: number | null;
  /** The record of `expires_at` having passed (A4): 0 there is none, 1 begun, 2 written. */
  expiry_record_state: Generated<number>;
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

/** One hash chain: one writer process (A3). The head is sealed in the same commit as its records. */
export interface AuditChainTable {
  id: string;
  sequence: number;
  sealed_head: Buffer;
  started_at: number;
  updated_at: number;
}

/** One audit record. The real tables are one per month: `audit_2026_11`, …; this is their shape. */
export interface AuditRecordTable {
  chain_id: string;
  sequence: number;
  app_id: string | null;
  id: string;
  at: number;
  kind: string;
  grant_id: string | null;
  provider_id: string | null;
  user_id: string | null;
  outcome: string | null;
  /** Canonical JSON (RFC 8785) of the whole record: what is hashed. */
  record: string;
  hash: Buffer;
}

/** One signed checkpoint over the audit chains (A3); append-only. */
export interface AuditCheckpointTable {
  number: number;
  at: number;
  /** What is signed, as canonical JSON. */
  note: string;
  /** Ed25519, 64 bytes. */
  signature: Buffer;
  /** The heads of the chains, as canonical JSON; the note has its digest. */
  contents: string;
}

/** Which checkpoint covers a chain up to a record; only for finding it, the truth is in the checkpoint. */
export interface AuditCheckpointChainTable {
  chain_id: string;
  last_sequence: number;
  number: number;
}

/** Where a chain stood when it was first seen without a checkpoint, and how often that was looked at since. */
export interface AuditOverdueTable {
  chain_id: string;
  sequence: number;
  looks: number;
}

/** Nonces of signed requests; three tables in turn, each for one period of the request's timestamp (T1). */
export interface NonceTable {
  /** API key id and nonce. */
  nonce: string;
}

/** The leased runner of later work; all times are shared time (`Storage.sharedNow`). */
export interface JobLeaseTable {
  name: string;
  holder: string | null;
  deadline: number | null;
  next_run_at: number;
  last_run_at: number | null;
}

/** Something that follows the audit log from its making on: the OpenTelemetry export (`otlp`), one webhook (`webhook:<id>`). */
export interface AuditConsumerTable {
  name: string;
  created_at: number;
}

/** How far a consumer has come in one chain; a chain without a row begins at its first record. */
export interface AuditCursorTable {
  consumer: string;
  chain_id: string;
  sequence: number;
}

/** An address of an app's owner that hears of the app's events (A7). Unique (app_id, name). */
export interface WebhookTable {
  app_id: string;
  id: string;
  name: string;
  url: string;
  /** `["grant.*", "credential.died"]`. */
  events_json: string;
  /** JSON array `[{ "secret": "whsec_…", "expires_at": number | null }]`, newest first, sealed. */
  sealed_secrets: Buffer;
  is_from_file: number;
  status: 'active' | 'disabled';
  disabled_reason: string | null;
  /** First failure since the last success; null while it works. */
  failing_since: number | null;
  last_attempt_at: number | null;
  last_success_at: number | null;
  /** HTTP status of the last attempt, null when there was no answer. */
  last_status: number | null;
  last_error: string | null;
  /** Events that were given up since the beginning, and when that was last. */
  given_up: number;
  last_given_up_at: number | null;
  created_at: number;
  updated_at: number;
}

/** One event on its way to one webhook; gone once delivered or given up. The event itself stays in the audit log. */
export interface WebhookDeliveryTable {
  app_id: string;
  webhook_id: string;
  /** Id of the audit record, and `webhook-id` of the message. */
  event_id: string;
  /** Month of the record's table. */
  month: string;
  attempts: number;
  /** The 24 hours of retries count from here. */
  queued_at: number;
  next_attempt_at: number;
}

/** A process that works on the database; `seen_at` is shared time. */
export interface ProcessTable {
  id: string;
  version: string;
  started_at: number;
  seen_at: number;
  clock_skew_ms: number;
}

/** A rotation of keys and how far it is (K3); any process goes on with one whose holder is silent beyond the deadline. */
export interface KeyRotationTable {
  id: string;
  kind: 'root' | 'app';
  /** Null for the root key. */
  app_id: string | null;
  /** Ids of keys; they tell nothing about them. */
  from_key: string;
  to_key: string;
  phase: 'checking' | 'rewriting' | 'settling' | 'sweeping' | 'done';
  /** Where to go on: `{ "column": number, "after": string }`. */
  position_json: string | null;
  changed: number;
  total: number;
  /** Values that do not open, so cannot be re-encrypted; their data keys stay. */
  unreadable: number;
  settled_at: number | null;
  holder: string | null;
  deadline: number | null;
  started_at: number;
  updated_at: number;
  finished_at: number | null;
}
