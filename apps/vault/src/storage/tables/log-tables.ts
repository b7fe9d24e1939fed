// What is appended, counted and done later: audit, nonces, jobs, deliveries, processes. Times, flags and sealed columns as in ../tables.ts.
/** One hash chain: one writer process (A3). The head is sealed in the same commit as its records. */
export interface AuditChainTable {
  id: string;
  sequence: number;
  sealed_head: Buffer;
  started_at: number;
  updated_at: number;
}

/** One audit record. The real tables are one per month: `audit_2026_11`, …; this is their shape. */
export interface AuditRecordTable {
  chain_id: string;
  sequence: number;
  app_id: string | null;
  id: string;
  at: number;
  kind: string;
  grant_id: string | null;
  provider_id: string | null;
  user_id: string | null;
  outcome: string | null;
  /** Canonical JSON (RFC 8785) of the whole record: what is hashed. */
  record: string;
  hash: Buffer;
}

/** One signed checkpoint over the audit chains (A3); append-only. */
export interface AuditCheckpointTable {
  number: number;
  at: number;
  /** What is signed, as canonical JSON. */
  note: string;
  /** Ed25519, 64 bytes. */
  signature: Buffer;
  /** The heads of the chains, as canonical JSON; the note has its digest. */
  contents: string;
}

/** Which checkpoint covers a chain up to a record; only for finding it: nobody signs it, the truth is in the checkpoint. */
export interface AuditCheckpointChainTable {
  chain_id: string;
  last_sequence: number;
  number: number;
}

/** Where a chain stood when it was first seen without a checkpoint, and how often that was looked at since. */
export interface AuditOverdueTable {
  chain_id: string;
  sequence: number;
  looks: number;
}

/** A run of records of one chain and month that the search index knows. */
export interface AuditSegmentTable {
  number: number;
  month: string;
  chain_id: string;
  first_sequence: number;
  last_sequence: number;
  min_id: string;
  max_id: string;
  /** Whether the ids ascend with the sequence: not where the clock was set back. */
  is_ordered: number;
}

/** Which records of a segment are about something. */
export interface AuditTermTable {
  segment: number;
  /** Digest of what they are about. */
  term: number;
  /** Distances from the segment's first record: a list or a map of bits, whichever is shorter (`places.ts`). */
  places: Buffer;
}

/** Nonces of signed requests; three tables in turn, each for one period of the request's timestamp (T1). */
export interface NonceTable {
  /** API key id and nonce. */
  nonce: string;
}

/** The leased runner of later work; all times are shared time (`Storage.sharedNow`). */
export interface JobLeaseTable {
  name: string;
  holder: string | null;
  deadline: number | null;
  next_run_at: number;
  last_run_at: number | null;
}

/** Something that follows the audit log from its making on: the OpenTelemetry export (`otlp`), one webhook (`webhook:<id>`). */
export interface AuditConsumerTable {
  name: string;
  created_at: number;
}

/** How far a consumer has come in one chain; a chain without a row begins at its first record. */
export interface AuditCursorTable {
  consumer: string;
  chain_id: string;
  sequence: number;
}

/** One event on its way to one webhook; gone once delivered or given up. The event itself stays in the audit log. */
export interface WebhookDeliveryTable {
  app_id: string;
  webhook_id: string;
  /** Id of the audit record, and `webhook-id` of the message. */
  event_id: string;
  /** Month of the record's table. */
  month: string;
  attempts: number;
  /** The 24 hours of retries count from here. */
  queued_at: number;
  next_attempt_at: number;
}

/** A process that works on the database; `seen_at` is shared time. */
export interface ProcessTable {
  id: string;
  version: string;
  started_at: number;
  seen_at: number;
  clock_skew_ms: number;
}
