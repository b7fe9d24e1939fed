import { sql } from 'kysely';
import type { DatabaseKind, Migration } from './migration.js';

/** All tables of the first release. */
export const initialTables: Migration = {
  name: '001-initial-tables',
  run: async (trx, kind) => {
    for (const statement of [...listTables(kind), ...listIndexes, ...listFunctions(kind)]) {
      await sql.raw(statement).execute(trx);
    }
  },
};

function listTables(kind: DatabaseKind): string[] {
  const bytes = kind === 'sqlite' ? 'blob' : 'bytea';
  // A table that is only ever read by its text key needs no second tree.
  const keyed = kind === 'sqlite' ? ' without rowid' : '';
  const appRow = 'app_id text not null references apps (id), id text not null';
  return [
    `create table meta (key text not null primary key, value ${bytes} not null)${keyed}`,
    `create table apps (
      id text not null primary key, slug text not null unique, name text not null, settings_json text not null,
      version integer not null, wrapped_key ${bytes} not null, created_at bigint not null, updated_at bigint not null)`,
    // No reference to apps: a new app's secrets are sealed before its row is there.
    `create table data_keys (
      app_id text not null, id text not null, wrapped_key ${bytes} not null, created_at bigint not null,
      primary key (app_id, id))`,
    `create table api_keys (
      ${appRow}, name text not null, key_type text not null, key_prefix text not null,
      lookup_digest text not null unique, sealed_signing_key ${bytes} not null, scopes_json text, cidr_allowlist_json text,
      expires_at bigint, revoked_at bigint, is_from_file integer not null, created_at bigint not null,
      primary key (app_id, id))`,
    `create table provider_configs (
      ${appRow}, provider_id text not null, overrides_json text not null, client_id text,
      sealed_client_secrets ${bytes}, scopes_json text not null, breaker_open_until bigint, breaker_code text,
      breaker_failures integer not null, created_at bigint not null, updated_at bigint not null,
      primary key (app_id, id), unique (app_id, provider_id))`,
    `create table identity_providers (
      ${appRow}, issuer text not null, audience text not null, claims_json text not null, sign_in_json text,
      sealed_sign_in_secret ${bytes}, created_at bigint not null,
      primary key (app_id, id))`,
    `create table policies (
      ${appRow}, name text not null, target_kind text not null, target_id text, rule_json text not null,
      created_at bigint not null,
      primary key (app_id, id))`,
    `create table users (
      ${appRow}, issuer text not null, subject text not null, email text, display_name text,
      created_at bigint not null, last_seen_at bigint not null,
      primary key (app_id, id), unique (app_id, issuer, subject))`,
    `create table actors (
      ${appRow}, caller text not null, caller_type text not null, created_at bigint not null,
      primary key (app_id, id), unique (app_id, caller, caller_type))`,
    `create table credentials (
      ${appRow}, provider_config_id text not null, sealed_tokens ${bytes} not null, generation integer not null,
      token_generation text not null, scopes_json text not null, metadata_json text not null,
      access_expires_at bigint, access_issued_at bigint not null, refresh_expires_at bigint,
      has_refresh_token integer not null, status text not null check (status in ('active', 'needs_reauth', 'revoked')),
      death_cause text, death_evidence_json text, died_at bigint, is_refresh_forced integer not null, retry_at bigint,
      failures integer not null, invalid_grant_at bigint, lease_holder text, lease_deadline bigint,
      lease_generation integer not null, intent_generation integer, intent_hash text, intent_at bigint,
      intent_is_replay integer not null, created_at bigint not null, updated_at bigint not null,
      primary key (app_id, id), foreign key (app_id, provider_config_id) references provider_configs (app_id, id))`,
    `create table grants (
      ${appRow}, provider_id text not null, provider_config_id text not null, credential_id text not null,
      principal_type text not null check (principal_type in ('user', 'system')), principal_id text not null,
      issuer text not null, subject text not null, account_identifier text not null, account_display_name text,
      label text, status text not null check (status in ('active', 'revoked')), scopes_json text not null,
      mismatch_json text, expires_at bigint, policy_json text, parameters_json text not null,
      created_at bigint not null, last_used_at bigint, revoked_at bigint, revoked_by text, revocation_result text,
      primary key (app_id, id), foreign key (app_id, credential_id) references credentials (app_id, id),
      foreign key (app_id, provider_config_id) references provider_configs (app_id, id))`,
    `create table connect_sessions (
      app_id text not null references apps (id), id text not null primary key, token_hash text not null unique,
      user_id text, status text not null check (status in ('pending', 'completed', 'error', 'expired')),
      request_json text not null, browser_hash text, results_json text not null, declined_json text not null,
      error_json text, sealed_mismatch ${bytes}, notice_json text, version integer not null,
      created_at bigint not null, expires_at bigint not null, finished_at bigint)`,
    `create table authorizations (
      app_id text not null references apps (id), id text not null primary key,
      session_id text not null references connect_sessions (id) on delete cascade, state_hash text not null unique,
      provider_config_id text not null, browser_hash text not null, sealed_state ${bytes} not null,
      created_at bigint not null, expires_at bigint not null, spent_at bigint)`,
    `create table audit_chains (
      id text not null primary key, sequence bigint not null, sealed_head ${bytes} not null,
      started_at bigint not null, updated_at bigint not null)`,
    // The one server of a SQLite database knows its nonces itself; a key would cost it more than the records.
    ...[0, 1, 2].map(
      (turn) => `create table nonces_${turn} (nonce text not null${kind === 'sqlite' ? '' : ' primary key'})`,
    ),
    `create table job_leases (
      name text not null primary key, holder text, deadline bigint, next_run_at bigint not null, last_run_at bigint)`,
  ];
}

const listIndexes = [
  `create unique index grants_account on grants
    (app_id, principal_type, principal_id, provider_config_id, issuer, subject) where status <> 'revoked'`,
  'create index grants_principal on grants (app_id, principal_type, principal_id, provider_id, id)',
  'create index grants_credential on grants (app_id, credential_id)',
  'create index credentials_provider on credentials (app_id, provider_config_id)',
  'create index connect_sessions_end on connect_sessions (expires_at)',
  'create index authorizations_session on authorizations (session_id)',
  'create index authorizations_end on authorizations (expires_at)',
];

// The triggers of the months' audit tables call it; SQLite's triggers need no function.
function listFunctions(kind: DatabaseKind): string[] {
  if (kind === 'sqlite') return [];
  return [
    `create function refuse_audit_change() returns trigger language plpgsql as $$
      begin raise exception 'audit records are append-only' using errcode = 'restrict_violation'; end $$`,
  ];
}
