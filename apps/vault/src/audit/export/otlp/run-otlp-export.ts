import { setTimeout as delay } from 'node:timers/promises';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { OtlpConfig } from '../../../config.js';
import type { VaultDeps } from '../../../deps.js';
import {
  advanceCursor,
  type ChainNews,
  type LoggedRecord,
  listChainNews,
  readChainNews,
} from '../../../storage/log/audit-cursors.js';
import { describeLogRecord } from './log-record.js';
import { otlpConsumer } from './otlp-consumer.js';
import { type LogSender, openLogSender } from './send-logs.js';

const recordsPerBatch = 512;
const pollMs = 1_000;
const delayMsMax = 60_000;

type ExportDeps = Pick<VaultDeps, 'storage' | 'clock' | 'log' | 'processId'> & {
  readonly random: () => number;
};

/**
 * Sends every audit record to the collector until the signal (A7). A place in the log counts as reached once the collector has
 * taken what stands before it: whatever ends in between, nothing is left out, and at most one batch comes again (`log.record.uid`
 * tells). While the collector is away the log is the queue.
 */
export async function runOtlpExport(deps: ExportDeps, otlp: OtlpConfig, signal: AbortSignal): Promise<void> {
  const sender = await openLogSender(otlp);
  const resource = resourceFromAttributes({
    'service.name': otlp.serviceName,
    'service.instance.id': deps.processId,
  });
  const describe = (record: LoggedRecord) => describeLogRecord(record, { resource, nowMs: deps.clock() });
  let failures = 0;
  try {
    while (!signal.aborted) {
      const isReached = await sendNews(deps, { sender, describe }, signal);
      if (isReached && failures > 0) deps.log.info({ endpoint: otlp.endpoint }, 'collector is back');
      if (signal.aborted) return;
      if (!isReached && failures === 0)
        deps.log.warn({ endpoint: otlp.endpoint }, 'collector takes no audit records; they wait in the log');
      failures = isReached ? 0 : failures + 1;
      const backoffMs = Math.min(pollMs * 2 ** failures, delayMsMax);
      const waitMs = failures === 0 ? pollMs : backoffMs * (0.5 + deps.random() / 2);
      await delay(waitMs, undefined, { signal }).catch(() => {});
    }
  } finally {
    sender.close();
  }
}

interface Way {
  readonly sender: LogSender;
  readonly describe: (record: LoggedRecord) => ReturnType<typeof describeLogRecord>;
}

/** Sends what is new in every chain. @returns false as soon as the collector fails */
async function sendNews(deps: ExportDeps, way: Way, signal: AbortSignal): Promise<boolean> {
  for (const chain of await listChainNews(deps.storage, otlpConsumer)) {
    let { after } = chain;
    while (after < chain.head) {
      if (signal.aborted) return true;
      const through = await sendBatch(
        deps,
        way,
        { chain: { ...chain, after }, limit: recordsPerBatch },
        signal,
      );
      if (through === null) return false;
      after = through;
    }
  }
  return true;
}

/**
 * Sends one batch of a chain; one that the collector refuses, or takes only in part, is halved until the records at fault stand alone:
 * the collector does not tell which they are. What it has taken of such a batch comes again.
 */
async function sendBatch(
  deps: ExportDeps,
  way: Way,
  { chain, limit }: { chain: ChainNews; limit: number },
  signal: AbortSignal,
): Promise<number | null> {
  const { records, through } = await readChainNews(deps.storage, chain, { limit });
  if (records.length > 0) {
    const sent = await way.sender.send(records.map(way.describe), signal);
    if (sent.result === 'failed') return null;
    if (sent.result === 'refused') {
      const isEach = records.length === 1 || (sent.rejected ?? 0) >= records.length;
      if (!isEach) return sendBatch(deps, way, { chain, limit: Math.ceil(records.length / 2) }, signal);
      for (const { id } of records) {
        deps.log.error({ record: id, status: sent.status }, 'collector refuses an audit record');
      }
    }
  }
  await deps.storage.transaction((trx) => advanceCursor(trx, otlpConsumer, chain.chainId, through));
  return through;
}
