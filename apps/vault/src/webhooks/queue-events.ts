import type { VaultDeps } from '../deps.js';
import { listChainNews, readChainNews } from '../storage/log/audit-cursors.js';
import { countDeliveries, queueDeliveries } from '../storage/webhooks/webhook-deliveries.js';
import { nameConsumer, type WebhookRow } from '../storage/webhooks/webhook-rows.js';
import { giveUp } from './give-up.js';
import { isSubscribed } from './message/event-message.js';
import { retryPeriodMs } from './retry-time.js';

/** Events that wait for one webhook at most; what comes beyond stays in the log until there is room, so a dead endpoint fills no table. */
const waitingMaxDefault = 1_000;
const recordsPerRead = 200;

/**
 * Queues for a webhook what the audit log has gained for it. Reading and queueing are one transaction, so an event is neither lost
 * nor queued twice, whenever the process ends. An endpoint that has failed for 24 hours does not get what is older than that.
 */
export async function queueEvents(
  deps: Pick<VaultDeps, 'storage' | 'clock' | 'audit'> & { readonly waitingMax?: number },
  webhook: WebhookRow,
  signal: AbortSignal,
): Promise<void> {
  const key = { appId: webhook.app_id, id: webhook.id };
  const patterns = JSON.parse(webhook.events_json) as string[];
  const nowMs = deps.clock();
  const hasFailedLong = webhook.failing_since !== null && webhook.failing_since <= nowMs - retryPeriodMs;
  const waitingMax = deps.waitingMax ?? waitingMaxDefault;
  let room = -1;
  for (const chain of await listChainNews(deps.storage, nameConsumer(webhook.id))) {
    let { after } = chain;
    while (after < chain.head && !signal.aborted) {
      if (room < 0) room = waitingMax - (await countDeliveries(deps.storage, key));
      if (room <= 0) return;
      const limit = Math.min(room, recordsPerRead);
      const { records, through } = await readChainNews(
        deps.storage,
        { ...chain, after },
        { limit, appId: webhook.app_id },
      );
      const wanted = records.filter((record) => isSubscribed(patterns, record.kind));
      const isOver = (record: { at: number }) => hasFailedLong && record.at <= nowMs - retryPeriodMs;
      const over = wanted.filter(isOver);
      if (over.length > 0) {
        const last = { status: webhook.last_status, error: webhook.last_error };
        await giveUp(
          deps,
          webhook,
          over.map((record) => record.id),
          last,
        );
      }
      const events = wanted.filter((record) => !isOver(record));
      await queueDeliveries(deps.storage, key, events, { chainId: chain.chainId, through }, nowMs);
      room -= events.length;
      after = through;
    }
  }
}
