import { sql } from 'kysely';
import type { DatabaseKind, Migration } from './migration.js';

/** Signed checkpoints over the audit chains (A3), append-only like the records (A5), and which one covers which records. */
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
