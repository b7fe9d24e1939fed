import type { Storage } from '../../database/storage.js';
import type { AuditWriter } from './audit-batch.js';
import { createPostgresAuditWriter } from './postgres-audit-writer.js';
import { createSqliteAuditWriter } from './sqlite-audit-writer.js';

/** The writer of audit batches for a migrated database. */
export function createAuditWriter(storage: Storage): AuditWriter {
  return storage.native.kind === 'sqlite'
    ? createSqliteAuditWriter(storage.native)
    : createPostgresAuditWriter(storage.native.pool);
}
