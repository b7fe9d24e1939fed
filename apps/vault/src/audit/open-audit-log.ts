import { AsyncLocalStorage } from 'node:async_hooks';
import { createRandomWords } from '@alter-ai/core-crypto';
import { V7Generator } from 'uuidv7';
import type { Keyring } from '../keys/keyring.js';
import type { Storage } from '../storage/database/storage.js';
import { createAuditMonth, findAuditMonth, findNextAuditMonth } from '../storage/log/audit-tables.js';
import { locateNonce, type NonceKey, readNonces } from '../storage/log/nonces.js';
import { createAuditWriter } from '../storage/log/write/audit-writer.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { Tracing } from '../telemetry/tracing/tracing.js';
import { type ChainState, linkRecords, startChain, type WaitingRecord } from './append/chain-writer.js';
import { createAllNonces, createRecentNonces, type NonceMemory } from './append/nonce-memory.js';
import { writeRecordText } from './append/record-text.js';
import type { AppendResult, AuditEvent, NonceClaim } from './audit-event.js';
import { type AuditLog, AuditUnavailableError } from './audit-log.js';

/** Items that one durable write takes at most: bounds how long it holds up everything else. */
const batchItemsMax = 500;
/** Items that may wait at most; beyond it the log counts as unavailable instead of filling the memory. */
const queueItemsMax = 50_000;
/** A chain ends and another begins after this many writes, far below what its sealing key bears (K3). */
const sealsMax = 2 ** 28;

interface Item {
  readonly record: WaitingRecord | null;
  /** The record in place of `record` when the nonce was used before. */
  readonly refusal: (() => WaitingRecord) | null;
  readonly claim: NonceKey | null;
  readonly resolve: (isNonceAccepted: boolean) => void;
  readonly reject: (error: AuditUnavailableError) => void;
}

/** Opens this process's audit log: makes the tables of this month and the next, and begins a chain with the first record. */
export async function openAuditLog(deps: {
  storage: Storage;
  keyring: Keyring;
  clock: () => number;
  /** Hears of each failure to write, for the server's own log. */
  onFailure?: (error: unknown) => void;
  telemetry?: Telemetry;
}): Promise<AuditLog> {
  const { storage, keyring, clock } = deps;
  const { metrics, tracing } = deps.telemetry ?? { metrics: null, tracing: null };
  const writer = createAuditWriter(storage);
  const nonces = loadNonces(storage, clock());
  const ids = new V7Generator({ nextUint32: createRandomWords() });
  // Callers may be inside a request's or a transaction's context; what the log does for all of them is in none.
  const runOutside = AsyncLocalStorage.snapshot();
  const preparedMonths = new Set<string>();
  let queue: Item[] = [];
  let running: Promise<void> | null = null;
  let chain: ChainState | null = null;
  let month = findAuditMonth(clock());
  let isClosed = false;

  for (const ahead of [month, findNextAuditMonth(month)]) {
    await createAuditMonth(storage, ahead);
    preparedMonths.add(ahead);
  }

  async function writeBatch(items: readonly Item[]): Promise<boolean[]> {
    const now = clock();
    // A clock that steps back must not make a chain go back to an earlier month's table.
    const current = findAuditMonth(now);
    if (current > month) month = current;
    if (!preparedMonths.has(month)) {
      await createAuditMonth(storage, month);
      preparedMonths.add(month);
    }
    if (chain === null || chain.sealer.countSeals() >= sealsMax)
      chain = await startChain(storage, keyring, now);
    const from = chain;
    let next = from;
    let answer: readonly boolean[] = [];
    await writer.write(
      items.map((item) => item.claim),
      (accepted) => {
        answer = accepted;
        const records = items.flatMap((item, index) => {
          if (accepted[index] === true) return item.record ?? [];
          return item.refusal?.() ?? [];
        });
        if (records.length === 0) return null;
        const linked = linkRecords(from, records, month, now);
        next = linked.next;
        return linked.batch;
      },
    );
    chain = next;
    return [...answer];
  }

  async function drain(): Promise<void> {
    // All that the server takes from its sockets in this turn of the event loop goes into one write.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) {
      const items = queue.slice(0, batchItemsMax);
      queue = queue.slice(batchItemsMax);
      const startedAtMs = performance.now();
      try {
        const accepted = await writeBatch(items);
        metrics?.auditBatchRecords.record({}, items.length);
        metrics?.auditBatches.record({}, (performance.now() - startedAtMs) / 1000);
        for (const [index, item] of items.entries()) item.resolve(accepted[index] === true);
      } catch (error) {
        // Whether the batch was stored may be unknown: the chain is left as it is, whole either way, and another begins.
        chain = null;
        metrics?.auditFailures.add({});
        deps.onFailure?.(error);
        const failure = new AuditUnavailableError({ cause: error });
        for (const item of items) item.reject(failure);
      }
    }
    // In the same step as the last look at the queue: who appends next begins the next write.
    running = null;
  }

  function enqueue(item: Omit<Item, 'resolve' | 'reject'>): Promise<boolean> {
    if (storage.isInTransaction()) {
      throw new Error('A record cannot become durable inside a transaction: append before or after it.');
    }
    if (isClosed || queue.length >= queueItemsMax) throw new AuditUnavailableError();
    return new Promise<boolean>((resolve, reject) => {
      queue.push({ ...item, resolve, reject });
      running ??= runOutside(drain);
    });
  }

  function prepareClaim(claim: NonceClaim): { key: NonceKey; isRepeated: boolean } {
    const key = locateNonce(claim.apiKeyId, claim.nonce, claim.timestampSeconds);
    const isRepeated = nonces.has(key);
    if (!isRepeated) nonces.add(key);
    return { key, isRepeated };
  }

  function prepareRecord(event: AuditEvent): WaitingRecord {
    const at = clock();
    const id = ids.generateOrResetWithTs(at).toString();
    return { id, at, text: writeRecordText(event, { id, at }) };
  }

  function prepareRefusal(event: AuditEvent, record: WaitingRecord): WaitingRecord {
    return { ...record, text: writeRecordText(describeRefusal(event), record) };
  }

  async function append(given: AuditEvent, claim?: NonceClaim): Promise<AppendResult> {
    const event = tracing === null ? given : joinTrace(tracing, given);
    const record = prepareRecord(event);
    if (claim === undefined) {
      await enqueue({ record, refusal: null, claim: null });
      return { recordId: record.id, isNonceAccepted: true };
    }
    const { key, isRepeated } = prepareClaim(claim);
    const refusal = () => prepareRefusal(event, record);
    if (isRepeated) {
      await enqueue({ record: refusal(), refusal: null, claim: null });
      return { recordId: record.id, isNonceAccepted: false };
    }
    return { recordId: record.id, isNonceAccepted: await enqueue({ record, refusal, claim: key }) };
  }

  async function flush(): Promise<void> {
    while (running !== null) await running;
  }

  return {
    append,
    claimNonce: async (claim) => {
      const { key, isRepeated } = prepareClaim(claim);
      return !isRepeated && (await enqueue({ record: null, refusal: null, claim: key }));
    },
    wasNonceSeen: (claim) => nonces.has(locateNonce(claim.apiKeyId, claim.nonce, claim.timestampSeconds)),
    flush,
    close: async () => {
      isClosed = true;
      await flush();
    },
  };
}

function loadNonces(storage: Storage, nowMs: number): NonceMemory {
  if (storage.native.kind !== 'sqlite') return createRecentNonces();
  const nonces = createAllNonces();
  for (const nonce of readNonces(storage.native, nowMs)) nonces.add(nonce);
  return nonces;
}

/** The record of a trace's work names the trace, also where its caller sent none. */
function joinTrace(tracing: Tracing, event: AuditEvent): AuditEvent {
  tracing.describe(event);
  return { ...event, traceId: tracing.findTraceId() ?? event.traceId };
}

function describeRefusal(event: AuditEvent): AuditEvent {
  return {
    ...event,
    kind: 'security.nonce_reused',
    decision: 'deny',
    outcome: 'deny',
    errorCode: 'nonce_reused',
    details: { ...event.details, attempted_kind: event.kind },
  };
}
