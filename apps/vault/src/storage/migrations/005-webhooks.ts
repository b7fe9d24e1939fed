import { sql } from 'kysely';
import { guardSealedColumn } from '../keys/sealed/sealed-guard.js';
import type { Migration } from './migration.js';

/** Readers that follow the audit log, each with its place in every chain; webhooks, and what is to be delivered to them (A7). */
export const webhooks: Migration = {
  name: '005-webhooks',
  run: async (trx, kind) => {
    const bytes = kind === 'sqlite' ? 'blob' : 'bytea';
    const keyed = kind === 'sqlite' ? ' without rowid' : '';
    const statements = [
      `create table audit_consumers (name text not null primary key, created_at bigint not null)${keyed}`,
      `create table audit_cursors (
        consumer text not null references audit_consumers (name) on delete cascade, chain_id text not null,
        sequence bigint not null, primary key (consumer, chain_id))${keyed}`,
      `create table webhooks (
        app_id text not null references apps (id), id text not null, name text not null, url text not null,
        events_json text not null, sealed_secrets ${bytes} not null, is_from_file integer not null,
        status text not null check (status in ('active', 'disabled')), disabled_reason text, failing_since bigint,
        last_attempt_at bigint, last_success_at bigint, last_status integer, last_error text,
        given_up integer not null, last_given_up_at bigint,
        created_at bigint not null, updated_at bigint not null,
        primary key (app_id, id), unique (app_id, name))`,
      `create table webhook_deliveries (
        app_id text not null, webhook_id text not null, event_id text not null, month text not null,
        attempts integer not null, queued_at bigint not null, next_attempt_at bigint not null,
        primary key (app_id, webhook_id, event_id),
        foreign key (app_id, webhook_id) references webhooks (app_id, id) on delete cascade)${keyed}`,
      'create index webhook_deliveries_due on webhook_deliveries (app_id, webhook_id, next_attempt_at)',
      ...guardSealedColumn(kind, 'webhooks', 'sealed_secrets'),
    ];
    for (const statement of statements) await sql.raw(statement).execute(trx);
  },
};
