import { sql } from 'kysely';
import { guardSealedColumn } from '../keys/sealed/sealed-guard.js';
import type { Migration } from './migration.js';

/** Rotation of keys and its progress, who has which root keys, apps that were shredded; sealed values name a data key that is there. */
export const keyRotation: Migration = {
  name: '003-key-rotation',
  run: async (trx, kind) => {
    const statements = [
      'alter table data_keys add column retired_at bigint',
      'alter table data_keys add column closed_at bigint',
      'alter table apps add column shredded_at bigint',
      `create table key_rotations (
        id text not null primary key, kind text not null check (kind in ('root', 'app')), app_id text,
        from_key text not null, to_key text not null,
        phase text not null check (phase in ('checking', 'rewriting', 'settling', 'sweeping', 'done')),
        position_json text, changed bigint not null, total bigint not null, unreadable bigint not null, settled_at bigint,
        holder text, deadline bigint, started_at bigint not null, updated_at bigint not null, finished_at bigint)`,
      `create unique index key_rotations_running on key_rotations (kind, coalesce(app_id, '')) where finished_at is null`,
      `create table root_key_holders (
        process_id text not null primary key, host text not null, key_ids_json text not null, seen_at bigint not null)`,
      ...[
        ['api_keys', 'sealed_signing_key'],
        ['provider_configs', 'sealed_client_secrets'],
        ['identity_providers', 'sealed_sign_in_secret'],
        ['credentials', 'sealed_tokens'],
        ['connect_sessions', 'sealed_mismatch'],
        ['authorizations', 'sealed_state'],
      ].flatMap(([table = '', column = '']) => guardSealedColumn(kind, table, column)),
    ];
    for (const statement of statements) await sql.raw(statement).execute(trx);
  },
};
