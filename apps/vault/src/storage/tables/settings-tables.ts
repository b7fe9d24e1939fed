// What operators set up, and the keys that seal it. Times, flags and sealed columns as in ../tables.ts.
import type { Generated } from 'kysely';

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
  /** Provider id, or slug of a managed secret. */
  provider_id: string;
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

/** A root key that an app's key was under until `left_at`; empty where nobody knows which. */
export interface AppKeyWrapperTable {
  app_id: string;
  key_id: string;
  left_at: number;
}
