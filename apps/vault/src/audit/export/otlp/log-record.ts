import { type Attributes, SeverityNumber, TraceFlags } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { LoggedRecord } from '../../../storage/log/audit-cursors.js';
import { parseRecord } from '../../verify/record-columns.js';

/**
 * Names of attributes: OpenTelemetry's own where its semantic conventions have one (1.37), else below `alter_vault`.
 * Bodies and credentials are in no record, so they are in no attribute.
 */
const attributeNames: Readonly<Record<string, string>> = {
  actor_id: 'alter_vault.actor.id',
  api_key_id: 'alter_vault.api_key.id',
  app_id: 'alter_vault.app.id',
  caller: 'alter_vault.caller.name',
  caller_type: 'alter_vault.caller.type',
  chain_id: 'alter_vault.audit.chain_id',
  credential_kind: 'alter_vault.credential.kind',
  decision: 'alter_vault.decision',
  error_code: 'error.type',
  grant_id: 'alter_vault.grant.id',
  id: 'log.record.uid',
  kind: 'alter_vault.audit.kind',
  latency_ms: 'alter_vault.latency_ms',
  method: 'http.request.method',
  outcome: 'alter_vault.outcome',
  principal: 'alter_vault.principal',
  provider_id: 'alter_vault.provider.id',
  reason: 'alter_vault.reason',
  request_bytes: 'http.request.body.size',
  request_id: 'alter_vault.request.id',
  response_bytes: 'http.response.body.size',
  sequence: 'alter_vault.audit.sequence',
  source_address: 'client.address',
  status: 'http.response.status_code',
  url: 'url.full',
  user_id: 'user.id',
};

const scope = { name: 'alter-vault.audit', version: '1' };
const traceIdForm = /^[0-9a-f]{32}$/;
const spanIdForm = /^[0-9a-f]{16}$/;
const severeKinds = new Set([
  'credential.died',
  'credential.replayed',
  'credential.opened_failed',
  'provider.breaker_opened',
]);
const warnedKinds = /^security\.|^webhook\.(given_up|disabled)$|(_failed|\.failed|_refused)$/;

/**
 * An audit record as an OpenTelemetry log record. The body is the line of a JSON Lines export, hash included, so what a log store
 * keeps can be verified by `alter audit verify --file`.
 */
export function describeLogRecord(
  logged: LoggedRecord,
  facts: { resource: Resource; nowMs: number },
): ReadableLogRecord {
  const record = parseRecord(logged.record) ?? {};
  const severity = findSeverity(record);
  const traceId = readId(record.trace_id, traceIdForm);
  return {
    hrTime: toHrTime(logged.at),
    hrTimeObserved: toHrTime(facts.nowMs),
    severityNumber: severity.number,
    severityText: severity.text,
    eventName: `alter_vault.${logged.kind}`,
    body: `${logged.record.slice(0, -1)},"hash":"${Buffer.from(logged.hash).toString('hex')}"}`,
    attributes: readAttributes(record),
    droppedAttributesCount: 0,
    resource: facts.resource,
    instrumentationScope: scope,
    ...(traceId === undefined
      ? {}
      : {
          spanContext: {
            traceId,
            // Empty is how the protocol says that there is none.
            spanId: readId(record.span_id, spanIdForm) ?? '',
            traceFlags: TraceFlags.NONE,
          },
        }),
  };
}

function readAttributes(record: Readonly<Record<string, unknown>>): Attributes {
  const attributes: Attributes = {};
  for (const [field, name] of Object.entries(attributeNames)) {
    const value = record[field];
    if (typeof value === 'string' || typeof value === 'number') attributes[name] = value;
  }
  return attributes;
}

function findSeverity(record: Readonly<Record<string, unknown>>): { number: SeverityNumber; text: string } {
  const kind = String(record.kind);
  if (severeKinds.has(kind)) return { number: SeverityNumber.ERROR, text: 'ERROR' };
  if (record.decision === 'deny' || warnedKinds.test(kind))
    return { number: SeverityNumber.WARN, text: 'WARN' };
  return { number: SeverityNumber.INFO, text: 'INFO' };
}

function readId(value: unknown, form: RegExp): string | undefined {
  return typeof value === 'string' && form.test(value) && !/^0+$/.test(value) ? value : undefined;
}

function toHrTime(ms: number): [number, number] {
  return [Math.floor(ms / 1000), (ms % 1000) * 1_000_000];
}
