import type { ScannedRecord } from '../../storage/log/audit-scan.js';

/**
 * Whether the columns that searches use say what the record itself says: only the record is hashed, and a changed column would
 * hide it from a search.
 */
export function hasTrueColumns(chainId: string, row: ScannedRecord): boolean {
  return hasPlainColumns(chainId, row) || hasParsedColumns(chainId, row);
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

function hasParsedColumns(chainId: string, row: ScannedRecord): boolean {
  const [sequence, text, , appId, id, at, kind, grantId, providerId, userId, outcome] = row;
  const record = parseRecord(text);
  return (
    record !== null &&
    record.chain_id === chainId &&
    record.sequence === sequence &&
    record.id === id &&
    record.kind === kind &&
    record.at === new Date(at).toISOString() &&
    isSame(record.app_id, appId) &&
    isSame(record.grant_id, grantId) &&
    isSame(record.provider_id, providerId) &&
    isSame(record.user_id, userId) &&
    isSame(record.outcome, outcome)
  );
}

function isSame(member: unknown, column: string | null): boolean {
  return (member ?? null) === column;
}

// Members of a record in their order; those behind `=` are the columns, in the order of the groups below.
const memberNames =
  'actor_id api_key_id =app_id =at caller caller_type =chain_id credential_kind decision error_code =grant_id =id key_prefix =kind ' +
  '#latency_ms method =outcome principal =provider_id reason #request_bytes request_id request_sha256 #response_bytes ' +
  'response_sha256 =#sequence source_address #status trace_id url =user_id #version';

/** The usual record: no inner objects, and no value with a character that JSON writes in another way. */
const plainRecord = new RegExp(
  `^\\{${memberNames
    .split(' ')
    .map((name) => {
      const value = name.includes('#') ? '(?:-?[\\d.]+)' : '"[^"\\\\]*"';
      const bare = name.replace(/^[=#]+/, '');
      const group = name.startsWith('=')
        ? value.replace('(?:-?[\\d.]+)', '(\\d+)').replace('[^"\\\\]*', '([^"\\\\]*)')
        : value;
      return `(?:"${bare}":${group}[,}])?`;
    })
    .join('')}$`,
);

/** The same as parsing it, in half the time, for the usual record; false where it cannot tell. */
function hasPlainColumns(chainId: string, row: ScannedRecord): boolean {
  const found = plainRecord.exec(row[1]);
  return (
    found !== null &&
    found[1] === (row[3] ?? undefined) &&
    isSameTime(found[2] ?? '', row[5]) &&
    found[3] === chainId &&
    found[4] === (row[7] ?? undefined) &&
    found[5] === row[4] &&
    found[6] === row[6] &&
    found[7] === (row[10] ?? undefined) &&
    found[8] === (row[8] ?? undefined) &&
    Number(found[9]) === row[0] &&
    found[10] === (row[9] ?? undefined)
  );
}

// Neighbours are of the same day, and making a date of each takes longer than all the rest.
let knownDay = { text: '', ms: 0 };

/** Whether `2026-11-21T08:00:00.000Z` is this time. */
function isSameTime(text: string, ms: number): boolean {
  const day = text.slice(0, 11);
  if (knownDay.text !== day) knownDay = { text: day, ms: Date.parse(`${day}00:00:00.000Z`) };
  const seconds = (readDigits(text, 11) * 60 + readDigits(text, 14)) * 60 + readDigits(text, 17);
  const thousandths = readDigits(text, 20) * 10 + text.charCodeAt(22) - 0x30;
  return text.length === 24 && knownDay.ms + seconds * 1000 + thousandths === ms;
}

function readDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - 0x30) * 10 + text.charCodeAt(at + 1) - 0x30;
}
