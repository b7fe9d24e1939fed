import { sql } from 'kysely';
import type { DatabaseKind, Migration } from './migration.js';

/** Signed checkpoints over the audit chains (A3), append-only like the records (A5); and the index that searches use (A7). */
export const auditCheckpoints: Migration = {
  name: '004-audit-checkpoints',
  run: async (trx, kind) => {
    const bytes = kind === 'sqlite' ? 'blob' : 'bytea';
    const statements = [
      `create table audit_checkpoints (
        number bigint not null primary key, at bigint not null, note text not null, signature ${bytes} not null,
        contents text not null)`,
      `create table audit_checkpoint_chains (
        chain_id text not null, last_sequence bigint not null, number bigint not null,
        primary key (chain_id, last_sequence))${kind === 'sqlite' ? ' without rowid' : ''}`,
      'create table audit_overdue (chain_id text not null primary key, sequence bigint not null, looks integer not null)',
      // The index of searches: what a run of records is about. Made behind the records, and made again from them.
      `create table audit_segments (
        number bigint not null primary key, month text not null, chain_id text not null, first_sequence bigint not null,
        last_sequence bigint not null, min_id text not null, max_id text not null,
        is_ordered integer not null)`,
      'create index audit_segments_chain on audit_segments (chain_id, last_sequence)',
      'create index audit_segments_month on audit_segments (month)',
      `create table audit_terms (
        segment bigint not null, term bigint not null, places ${bytes} not null,
        primary key (segment, term))${kind === 'sqlite' ? ' without rowid' : ''}`,
      ...['audit_checkpoints', 'audit_checkpoint_chains'].flatMap((table) => listTriggers(table, kind)),
    ];
    for (const statement of statements) await sql.raw(statement).execute(trx);
  },
};

function listTriggers(table: string, kind: DatabaseKind): string[] {
  if (kind === 'sqlite') {
    return ['update', 'delete'].map(
      (change) => `create trigger ${table}_no_${change} before ${change} on ${table}
        begin select raise(abort, 'audit checkpoints are append-only'); end`,
    );
  }
  return [
    `create trigger ${table}_no_change before update or delete on ${table}
      for each row execute function refuse_audit_change()`,
    `create trigger ${table}_no_truncate before truncate on ${table}
      for each statement execute function refuse_audit_change()`,
  ];
}
