import type { AuditRecordTable } from '../../storage/tables.js';

/**
 * Whether the columns that searches use say what the record itself says: only the record is hashed, and a changed column would
 * hide it from a search.
 */
export function hasTrueColumns(row: AuditRecordTable): boolean {
  const record = parseRecord(row.record);
  return (
    record !== null &&
    record.chain_id === row.chain_id &&
    record.sequence === row.sequence &&
    record.id === row.id &&
    record.kind === row.kind &&
    record.at === new Date(row.at).toISOString() &&
    isSame(record.app_id, row.app_id) &&
    isSame(record.grant_id, row.grant_id) &&
    isSame(record.provider_id, row.provider_id) &&
    isSame(record.user_id, row.user_id) &&
    isSame(record.outcome, row.outcome)
  );
}

/** The members of a record's JSON text, or null when it is no object. */
export function parseRecord(text: string): Record<string, unknown> | null {
  try {
    const record: unknown = JSON.parse(text);
    return typeof record === 'object' && record !== null && !Array.isArray(record)
      ? (record as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function isSame(member: unknown, column: string | null): boolean {
  return (member ?? null) === column;
}
