import type { Database, Statement } from 'better-sqlite3';
import type { NativeHandle } from '../../database/native-handle.js';
import { runWithRetries } from '../../database/retry.js';
import { type AuditMonth, nameAuditTable } from '../audit-tables.js';
import { joinNonces } from '../nonces.js';
import type { AuditBatch, AuditWriter } from './audit-batch.js';

/**
 * The hottest path of the server: prepared statements, one synchronous transaction, one sync of the disk for a whole batch (A6).
 * Every nonce counts as new: the one server of a SQLite database asks its memory of all nonces before (`createAllNonces`).
 */
export function createSqliteAuditWriter(native: NativeHandle & { kind: 'sqlite' }): AuditWriter {
  const statements = prepareStatements(native.database);
  return {
    write: (claims, build) =>
      runWithRetries(() =>
        native.runExclusive((database) => {
          statements.begin.run();
          try {
            for (const { turn, row } of joinNonces(claims)) statements.insertNonce[turn].run(row);
            const batch = build(claims.map(() => true));
            if (batch !== null) insertBatch(statements, batch);
            statements.commit.run();
          } catch (error) {
            if (database.inTransaction) statements.rollback.run();
            throw error;
          }
        }, 'unkept'),
      ),
  };
}

type Run = Statement<unknown[]>;

interface Statements {
  readonly begin: Run;
  readonly commit: Run;
  readonly rollback: Run;
  readonly insertNonce: readonly [Run, Run, Run];
  readonly updateChain: Run;
  insertRecord(month: AuditMonth): Run;
}

function prepareStatements(database: Database): Statements {
  const insertNonce = (turn: number): Run =>
    database.prepare(`insert into nonces_${turn} (nonce) values (?)`);
  const months = new Map<AuditMonth, Run>();
  return {
    begin: database.prepare('begin immediate'),
    commit: database.prepare('commit'),
    rollback: database.prepare('rollback'),
    insertNonce: [insertNonce(0), insertNonce(1), insertNonce(2)],
    updateChain: database.prepare(
      'update audit_chains set sequence = ?, sealed_head = ?, updated_at = ? where id = ?',
    ),
    insertRecord: (month) => {
      const known = months.get(month);
      if (known !== undefined) return known;
      const statement = database.prepare<unknown[]>(
        `insert into ${nameAuditTable(month)} (chain_id, sequence, app_id, id, at, kind, grant_id, provider_id, user_id,
          outcome, record, hash) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      );
      months.set(month, statement);
      return statement;
    },
  };
}

function insertBatch(statements: Statements, batch: AuditBatch): void {
  const insert = statements.insertRecord(batch.month);
  for (const row of batch.rows) {
    insert.run(
      batch.chainId,
      row.sequence,
      row.appId,
      row.id,
      row.at,
      row.kind,
      row.grantId,
      row.providerId,
      row.userId,
      row.outcome,
      row.record,
      row.hash,
    );
  }
  const { changes } = statements.updateChain.run(batch.sequence, batch.sealedHead, batch.at, batch.chainId);
  if (changes !== 1) throw new Error('the audit chain of this process is not in the database any more');
}
