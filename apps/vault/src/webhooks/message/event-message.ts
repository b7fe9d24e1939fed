import { parseRecord } from '../../audit/verify/record-columns.js';

/** What of a record goes to the app's owner: all that describes the event; nothing of how the vault keeps its log. */
const publicFields = [
  'id',
  'grant_id',
  'provider_id',
  'user_id',
  'principal',
  'caller',
  'caller_type',
  'actor_id',
  'api_key_id',
  'credential_kind',
  'method',
  'url',
  'reason',
  'context',
  'decision',
  'outcome',
  'rule',
  'status',
  'latency_ms',
  'error_code',
  'details',
  'request_id',
  'trace_id',
] as const;

const patternForm = /^([a-z]+\.[a-z_]+|[a-z]+\.\*|\*)$/;

/** Whether a text names events: a kind (`grant.revoked`), a family (`grant.*`), or all (`*`). */
export function isEventPattern(text: string): boolean {
  return patternForm.test(text) && !text.startsWith('webhook.');
}

/** Whether events of a kind go to webhooks at all: what deliveries themselves cause does not, or one failure would cause the next. */
export function isDeliverable(kind: string): boolean {
  return !kind.startsWith('webhook.');
}

/** Whether a webhook with these patterns hears of a kind. */
export function isSubscribed(patterns: readonly string[], kind: string): boolean {
  return (
    isDeliverable(kind) &&
    patterns.some(
      (pattern) =>
        pattern === '*' ||
        pattern === kind ||
        (pattern.endsWith('.*') && kind.startsWith(pattern.slice(0, -1))),
    )
  );
}

/** The message about a record: `type`, `timestamp` and `data`, as Standard Webhooks has them; null for what is no record. */
export function buildMessage(recordText: string): string | null {
  const record = parseRecord(recordText);
  if (record === null) return null;
  const data = Object.fromEntries(
    publicFields.flatMap((field) => (record[field] === undefined ? [] : [[field, record[field]]])),
  );
  return JSON.stringify({ type: record.kind, timestamp: record.at, data });
}
