import type { VaultDeps } from '../deps.js';
import type { WebhookRow } from '../storage/webhooks/webhook-rows.js';

/** Puts on record that events will not reach a webhook, before they leave the queue. `alter webhooks resend` can still send them. */
export async function recordGivenUp(
  deps: Pick<VaultDeps, 'audit'>,
  webhook: WebhookRow,
  events: readonly { id: string }[],
  last: { status: number | null; error: string | null } = {
    status: webhook.last_status,
    error: webhook.last_error,
  },
): Promise<void> {
  await deps.audit.append({
    kind: 'webhook.given_up',
    appId: webhook.app_id,
    outcome: 'given_up',
    details: {
      webhook_id: webhook.id,
      webhook: webhook.name,
      events: events.length,
      first_event: events[0]?.id,
      last_event: events.at(-1)?.id,
      last_status: last.status,
      last_error: last.error,
    },
  });
}
