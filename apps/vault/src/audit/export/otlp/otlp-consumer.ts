import type { VaultDeps } from '../../../deps.js';
import type { Storage } from '../../../storage/database/storage.js';
import { addConsumer, listChainNews } from '../../../storage/log/audit-cursors.js';

/** Name of the collector among the readers of the log. */
export const otlpConsumer = 'otlp';

/** Makes the collector a reader of the log from now on, unless it is one already. */
export async function registerOtlpExport(deps: Pick<VaultDeps, 'storage' | 'clock'>): Promise<void> {
  await deps.storage.transaction((trx) => addConsumer(trx, otlpConsumer, deps.clock()));
}

/** How many audit records the collector has not got. */
export async function countUnsent(storage: Storage): Promise<number> {
  const news = await listChainNews(storage, otlpConsumer);
  return news.reduce((sum, chain) => sum + chain.head - chain.after, 0);
}
