import type { VaultDeps } from '../deps.js';
import { giveUpDeliveries } from '../storage/webhooks/webhook-deliveries.js';
import type { WebhookRow } from '../storage/webhooks/webhook-rows.js';

/**
 * Gives events up: first that is put on record, then they leave the queue, so that none goes unnoticed. `alter webhooks resend`
 * can still send them.
 */
export async function giveUp(
  deps: Pick<VaultDeps, 'audit' | 'storage' | 'clock'>,
  webhook: WebhookRow,
  eventIds: readonly string[],
  last: { status: number | null; error: string | null },
): Promise<void> {
  const sorted = [...eventIds].sort();
  await deps.audit.append({
    kind: 'webhook.given_up',
    appId: webhook.app_id,
    outcome: 'given_up',
    details: {
      webhook_id: webhook.id,
      webhook: webhook.name,
      events: sorted.length,
      first_event: sorted[0],
      last_event: sorted.at(-1),
      last_status: last.status,
      last_error: last.error,
    },
  });
  await giveUpDeliveries(deps.storage, { appId: webhook.app_id, id: webhook.id }, sorted, {
    last_error: last.error,
    last_status: last.status,
    last_given_up_at: deps.clock(),
  });
}
