/** One audit record, as the page shows it. */
export interface AuditRecord {
  /** ISO 8601. */
  readonly at: string;
  readonly title: string;
  readonly tone: 'good' | 'warn' | 'bad' | 'plain';
  readonly lines: readonly string[];
  /** Which of the demo's calls it is about. */
  readonly callId: string | undefined;
  /** Nothing more is to come about this call. */
  readonly isFinal: boolean;
}

/** Whose records to show. */
export interface RecordFilter {
  readonly grantIds: ReadonlySet<string>;
  readonly callIds: ReadonlySet<string>;
}

type Raw = Readonly<Record<string, unknown>>;

const titles: Record<string, string> = {
  'grant.created': 'Account connected',
  'grant.reauthorized': 'Account connected again',
  'grant.revoked': 'Access taken back',
  'grant.expired': 'Access expired',
  'grant.scope_mismatch': 'A scope is missing',
  'credential.refreshed': 'Token refreshed',
  'credential.refresh_failed': 'Refresh failed',
  'credential.died': 'The provider ended the connection',
  'connect.completed': 'Connecting finished',
};

const badKinds: ReadonlySet<string> = new Set([
  'grant.expired',
  'credential.refresh_failed',
  'credential.died',
]);

/** The records that concern one user, newest first. */
export function describeRecords(records: readonly Raw[], filter: RecordFilter): AuditRecord[] {
  return records
    .filter((record) => isConcerned(record, filter))
    .map(describeRecord)
    .reverse();
}

function isConcerned(record: Raw, filter: RecordFilter): boolean {
  const grantId = readText(record.grant_id);
  const callId = readCallId(record);
  return (
    (grantId !== undefined && filter.grantIds.has(grantId)) ||
    (callId !== undefined && filter.callIds.has(callId))
  );
}

function describeRecord(record: Raw): AuditRecord {
  const kind = readText(record.kind) ?? 'unknown';
  const base = { at: readText(record.at) ?? '', callId: readCallId(record) };
  if (kind === 'access.retrieve') {
    const isDenied = record.decision === 'deny';
    const code = readText(record.error_code) ?? readText(record.outcome) ?? 'denied';
    return {
      ...base,
      title: isDenied ? `Call refused: ${code}` : 'Token lent for one call',
      tone: isDenied ? 'bad' : 'good',
      lines: describeCall(record),
      isFinal: isDenied,
    };
  }
  if (kind === 'access.outcome') {
    const status = Number(record.status ?? 0);
    return {
      ...base,
      title: status > 0 ? `The provider answered ${status}` : 'The provider did not answer',
      tone: status >= 200 && status < 400 ? 'good' : 'bad',
      lines: describeOutcome(record),
      isFinal: true,
    };
  }
  const errorCode = readText(record.error_code);
  return {
    ...base,
    title: titles[kind] ?? kind,
    tone: badKinds.has(kind) ? 'bad' : kind.startsWith('grant.') ? 'good' : 'plain',
    lines: [readText(record.provider_id), errorCode].filter((line) => line !== undefined),
    isFinal: false,
  };
}

function describeCall(record: Raw): string[] {
  const target = [readText(record.method), readText(record.url)].filter(Boolean).join(' ');
  const reason = readText(record.reason);
  const caller = readText(record.caller);
  return [target, reason && `Reason: ${reason}`, caller && `Caller: ${caller}`].filter(
    (line): line is string => !!line,
  );
}

function describeOutcome(record: Raw): string[] {
  const { latency_ms: latency, response_bytes: bytes } = record;
  return [
    [
      typeof latency === 'number' ? `after ${latency} ms` : '',
      typeof bytes === 'number' ? `${bytes} bytes` : '',
    ]
      .filter(Boolean)
      .join(', '),
  ].filter(Boolean);
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function readCallId(record: Raw): string | undefined {
  const { context } = record;
  if (typeof context !== 'object' || context === null || !('call_id' in context)) return undefined;
  return readText(context.call_id);
}
