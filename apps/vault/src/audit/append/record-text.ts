import canonicalize from 'canonicalize';
import type { AuditEvent, Json } from '../audit-event.js';
import { redactUrl } from '../redact-url.js';

/** Facts of a record beside its event. */
export interface RecordFacts {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A record whose chain and sequence are still open: they are known only when it is written. */
export interface RecordText {
  readonly beforeChain: string;
  readonly beforeSequence: string;
  readonly afterSequence: string;
  readonly appId: string | null;
  readonly kind: string;
  readonly grantId: string | null;
  readonly providerId: string | null;
  readonly userId: string | null;
  readonly outcome: string | null;
}

/** Version of the record's fields. */
const recordVersion = 1;

/**
 * Writes an event as canonical JSON (RFC 8785): names in order, absent values left out, the address redacted (A2).
 * The names are put in order here once and for all, since sorting them for each record costs more than all the rest.
 */
export function writeRecordText(event: AuditEvent, facts: RecordFacts): RecordText {
  const appId = clean(event.appId);
  const grantId = clean(event.grantId);
  const providerId = clean(event.providerId);
  const userId = clean(event.userId);
  const kind = clean(event.kind) ?? '';
  const outcome = clean(event.outcome ?? event.decision);
  const beforeChain =
    '{' +
    writeText('actor_id', event.actorId) +
    writeText('api_key_id', event.apiKeyId) +
    writeText('app_id', appId) +
    `"at":"${formatTime(facts.at)}",` +
    writeText('caller', event.caller) +
    writeText('caller_type', event.callerType) +
    '"chain_id":';
  const beforeSequence =
    ',' +
    writeJson('context', event.context) +
    writeText('credential_kind', event.credentialKind) +
    writeText('decision', event.decision) +
    writeJson('details', event.details) +
    writeText('error_code', event.errorCode) +
    writeText('grant_id', grantId) +
    writeText('id', facts.id) +
    writeText('key_prefix', event.keyPrefix) +
    writeText('kind', kind) +
    writeNumber('latency_ms', event.latencyMs) +
    writeText('method', event.method) +
    writeText('outcome', outcome) +
    writeText('principal', event.principal) +
    writeText('provider_id', providerId) +
    writeText('reason', event.reason) +
    writeNumber('request_bytes', event.requestBytes) +
    writeText('request_id', event.requestId) +
    writeText('request_sha256', event.requestSha256) +
    writeNumber('response_bytes', event.responseBytes) +
    writeText('response_sha256', event.responseSha256) +
    writeJson('rule', event.rule) +
    '"sequence":';
  const afterSequence =
    ',' +
    writeText('source_address', event.sourceAddress) +
    writeNumber('status', event.status) +
    writeText('trace_id', event.traceId) +
    writeText('url', typeof event.url === 'string' ? redactUrl(event.url) : null) +
    writeText('user_id', userId) +
    `"version":${recordVersion}}`;
  return {
    beforeChain,
    beforeSequence,
    afterSequence,
    appId,
    kind,
    grantId,
    providerId,
    userId,
    outcome,
  };
}

/** The whole record, once its place is known. */
export function completeRecordText(text: RecordText, chainId: string, sequence: number): string {
  return `${text.beforeChain}"${chainId}"${text.beforeSequence}${sequence}${text.afterSequence}`;
}

let lastAt = Number.NaN;
let lastTime = '';

/** The records of a batch have few times among them. */
function formatTime(at: number): string {
  if (at !== lastAt) {
    lastTime = new Date(at).toISOString();
    lastAt = at;
  }
  return lastTime;
}

// Neither a lone surrogate (no canonical form) nor U+0000 (no text in PostgreSQL) may make a record impossible to write.
function clean(value: string | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  const text = value.isWellFormed() ? value : value.toWellFormed();
  return text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text;
}

/** Printable ASCII without quote and backslash. */
const plain = /^[ !#-[\]-~]*$/;

function writeText(name: string, value: string | null | undefined): string {
  if (value === null || value === undefined) return '';
  // Nearly every value is an id or a word: what JSON writes as it is needs no further look.
  if (plain.test(value)) return `"${name}":"${value}",`;
  return `"${name}":${JSON.stringify(clean(value))},`;
}

function writeNumber(name: string, value: number | null | undefined): string {
  return typeof value === 'number' && Number.isFinite(value) ? `"${name}":${JSON.stringify(value)},` : '';
}

function writeJson(
  name: string,
  value: Readonly<Record<string, Json | undefined>> | null | undefined,
): string {
  if (value === null || value === undefined) return '';
  return `"${name}":${canonicalize(cleanJson(value))},`;
}

function cleanJson(value: Json | undefined): Json | undefined {
  if (typeof value === 'string') return clean(value) ?? undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => cleanJson(item) ?? null);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [clean(key) ?? '', cleanJson(item)]),
  ) as Json;
}
