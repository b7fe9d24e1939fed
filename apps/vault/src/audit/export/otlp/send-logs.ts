import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { OtlpConfig } from '../../../config.js';

/** What the collector did with a batch: took it, will not take it as it is, or could not be asked. */
export type SendResult =
  | { readonly result: 'taken' }
  | { readonly result: 'refused' | 'failed'; readonly status: number | null };

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
        exporter.export([...records], ({ code, error }) => {
          signal.removeEventListener('abort', giveUp);
          if (code === 0) {
            resolve({ result: 'taken' });
            return;
          }
          const status = readStatus(error);
          resolve({ result: status !== null && refusals.has(status) ? 'refused' : 'failed', status });
        });
      }),
    close: () => void exporter.shutdown().catch(() => {}),
  };
}

function readStatus(error: unknown): number | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : null;
}
