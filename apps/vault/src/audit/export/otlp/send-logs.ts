import { DiagLogLevel, diag } from '@opentelemetry/api';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { OtlpConfig } from '../../../config.js';

/** What the collector did with a batch: took it, will not take it (or `rejected` records of it) as it is, or could not be asked. */
export type SendResult =
  | { readonly result: 'taken' }
  | { readonly result: 'refused'; readonly status: number; readonly rejected: number | null }
  | { readonly result: 'failed'; readonly status: number | null };

/** Sends batches to one collector. */
export interface LogSender {
  /** After the signal it is `failed` at once: what the collector did with it is then unknown, and it is sent again. */
  send(records: readonly ReadableLogRecord[], signal: AbortSignal): Promise<SendResult>;
  close(): void;
}

const timeoutMs = 10_000;
/** The collector has read the batch and says that it is wrong or too large; asking again gives the same answer. */
const refusals = new Set([400, 413, 422]);

/** Opens the way to the collector: OTLP/HTTP in JSON. Everything that the exporter would else take from the environment is given. */
export async function openLogSender(otlp: OtlpConfig): Promise<LogSender> {
  const rejections = watchRejections();
  const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-http');
  const exporter = new OTLPLogExporter({
    url: `${otlp.endpoint}/v1/logs`,
    headers: Object.fromEntries(Object.entries(otlp.headers).map(([name, value]) => [name, value.reveal()])),
    timeoutMillis: timeoutMs,
    concurrencyLimit: 1,
  });
  return {
    send: (records, signal) =>
      new Promise((resolve) => {
        const giveUp = () => resolve({ result: 'failed', status: null });
        if (signal.aborted) {
          giveUp();
          return;
        }
        signal.addEventListener('abort', giveUp, { once: true });
        rejections.count = 0;
        exporter.export([...records], ({ code, error }) => {
          signal.removeEventListener('abort', giveUp);
          const status = readStatus(error);
          const rejected = rejections.count;
          if (code === 0 && rejected > 0) resolve({ result: 'refused', status: 200, rejected });
          else if (code === 0) resolve({ result: 'taken' });
          else if (status !== null && refusals.has(status)) {
            resolve({ result: 'refused', status, rejected: null });
          } else resolve({ result: 'failed', status });
        });
      }),
    close: () => void exporter.shutdown().catch(() => {}),
  };
}

function readStatus(error: unknown): number | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : null;
}

/**
 * How many records the collector has rejected in an answer that else is a success (OTLP, partial success). The exporter tells it to
 * nobody but its diagnostics, and does so before it calls back.
 */
function watchRejections(): { count: number } {
  const rejections = { count: 0 };
  const ignore = () => {};
  const warn = (...parts: unknown[]) => {
    for (const part of parts) rejections.count += readRejected(part);
  };
  diag.setLogger(
    { error: ignore, warn, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  return rejections;
}

function readRejected(part: unknown): number {
  if (typeof part !== 'string' || !part.includes('rejectedLogRecords')) return 0;
  try {
    // In JSON a 64-bit number is text.
    const rejected = Number((JSON.parse(part) as { rejectedLogRecords?: unknown }).rejectedLogRecords);
    return Number.isSafeInteger(rejected) && rejected > 0 ? rejected : 0;
  } catch {
    return 0;
  }
}
