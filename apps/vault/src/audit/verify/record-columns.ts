import type { AuditRecordTable } from '../../storage/tables.js';

/**
 * Whether the columns that searches use say what the record itself says: only the record is hashed, and a changed column would
 * hide it from a search.
 */
export function hasTrueColumns(row: AuditRecordTable): boolean {
  return hasPlainColumns(row) || hasParsedColumns(row);
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

function hasParsedColumns(row: AuditRecordTable): boolean {
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

function isSame(member: unknown, column: string | null): boolean {
  return (member ?? null) === column;
}

/**
 * The same without parsing, for records without inner objects: in those a name between quotes is nothing but a member's name, since
 * JSON escapes the quotes inside of values. False where it cannot tell.
 */
function hasPlainColumns(row: AuditRecordTable): boolean {
  const { record } = row;
  if (record.charCodeAt(0) !== 0x7b || record.indexOf('{', 1) !== -1) return false;
  return (
    hasText(record, '"app_id":"', row.app_id) &&
    hasText(record, '"at":"', writeTime(row.at)) &&
    hasText(record, '"chain_id":"', row.chain_id) &&
    hasText(record, '"grant_id":"', row.grant_id) &&
    hasText(record, '"id":"', row.id) &&
    hasText(record, '"kind":"', row.kind) &&
    hasText(record, '"outcome":"', row.outcome) &&
    hasText(record, '"provider_id":"', row.provider_id) &&
    hasText(record, '"user_id":"', row.user_id) &&
    hasSequence(record, row.sequence)
  );
}

const quote = 0x22;
const backslash = 0x5c;

function hasText(record: string, name: string, value: string | null): boolean {
  const at = record.indexOf(name);
  if (value === null) return at === -1;
  const end = at + name.length + value.length;
  return (
    at !== -1 &&
    record.startsWith(value, at + name.length) &&
    record.charCodeAt(end) === quote &&
    record.charCodeAt(end - 1) !== backslash
  );
}

function hasSequence(record: string, sequence: number): boolean {
  const name = '"sequence":';
  const at = record.indexOf(name);
  const digits = String(sequence);
  const next = record.charCodeAt(at + name.length + digits.length);
  return at !== -1 && record.startsWith(digits, at + name.length) && (next === 0x2c || next === 0x7d);
}

// Records that were written together have the same time, and writing it costs more than all the rest.
let lastTime = { ms: 0, text: new Date(0).toISOString() };

function writeTime(ms: number): string {
  if (lastTime.ms !== ms) lastTime = { ms, text: new Date(ms).toISOString() };
  return lastTime.text;
}
