import type { VaultDeps } from '../deps.js';
import { findLoggedRecord } from '../storage/log/audit-cursors.js';
import {
  type DeliveryRow,
  endDelivery,
  hurryDeliveries,
  listOldDeliveries,
  postponeDelivery,
} from '../storage/webhooks/webhook-deliveries.js';
import { disableWebhook, type WebhookRow } from '../storage/webhooks/webhook-rows.js';
import { giveUp } from './give-up.js';
import { buildMessage } from './message/event-message.js';
import { type AttemptOutcome, sendMessage } from './message/send-message.js';
import { listLiveSecrets, openWebhookSecrets } from './message/webhook-secret.js';
import { findNextAttempt, retryPeriodMs } from './retry-time.js';

/** An endpoint that merely dislikes one event has failed for less when it takes the next one. */
const longFailureMs = 300_000;

/** What delivering needs; `random` spreads the retries. */
export type DeliveryDeps = Pick<
  VaultDeps,
  'storage' | 'keyring' | 'audit' | 'settings' | 'egress' | 'clock'
> & { readonly random: () => number };

/** Makes one attempt to deliver an event, and stores what became of it. An attempt that the signal ends has not been. */
export async function deliverEvent(
  deps: DeliveryDeps,
  webhook: WebhookRow,
  delivery: DeliveryRow,
  signal: AbortSignal,
): Promise<AttemptOutcome['result'] | 'missing'> {
  const { storage } = deps;
  const key = { appId: webhook.app_id, id: webhook.id };
  const record = await findLoggedRecord(storage, { ...delivery, id: delivery.event_id, appId: key.appId });
  const body = record === undefined ? null : buildMessage(record);
  if (body === null) {
    // Retention was faster: nothing is left to send.
    await giveUp(deps, webhook, [delivery.event_id], { status: null, error: 'record_gone' });
    return 'missing';
  }
  const outcome = await attempt(deps, webhook, { id: delivery.event_id, body }, signal);
  if (outcome.result === 'aborted') return 'aborted';
  const nowMs = deps.clock();
  const seen = { last_attempt_at: nowMs, last_status: outcome.status, last_error: outcome.error };
  if (outcome.result === 'delivered') {
    const changes = { ...seen, last_success_at: nowMs, failing_since: null };
    await endDelivery(storage, delivery, changes);
    // Back after a while: what was put off for hours need not wait any more.
    const isBack = webhook.failing_since !== null && webhook.failing_since <= nowMs - longFailureMs;
    if (isBack) await hurryDeliveries(storage, key, nowMs);
  } else if (outcome.result === 'gone') {
    await deps.audit.append({
      kind: 'webhook.disabled',
      appId: key.appId,
      outcome: 'disabled',
      details: { webhook_id: webhook.id, webhook: webhook.name, reason: 'gone', event: delivery.event_id },
    });
    const changes = { ...seen, disabled_reason: 'answered 410 Gone', failing_since: nowMs };
    await disableWebhook(storage, key, changes);
  } else await settleFailure(deps, webhook, delivery, outcome);
  return outcome.result;
}

async function attempt(
  deps: DeliveryDeps,
  webhook: WebhookRow,
  message: { id: string; body: string },
  signal: AbortSignal,
): Promise<AttemptOutcome> {
  let target: Parameters<typeof sendMessage>[1];
  try {
    const secrets = listLiveSecrets(await openWebhookSecrets(deps, webhook), deps.clock());
    const { allowedNetworks } = await deps.settings.loadCurrent(webhook.app_id);
    target = { url: webhook.url, secrets, allowedNetworks };
  } catch {
    // The keyring has reported which value does not open (K8); unsigned nothing is sent.
    return { result: 'failed', status: null, error: 'secret_unreadable', retryAfterMs: null };
  }
  return sendMessage(deps, target, message, signal);
}

async function settleFailure(
  deps: DeliveryDeps,
  webhook: WebhookRow,
  delivery: DeliveryRow,
  outcome: AttemptOutcome,
): Promise<void> {
  const { storage } = deps;
  const key = { appId: webhook.app_id, id: webhook.id };
  const nowMs = deps.clock();
  const changes = {
    last_attempt_at: nowMs,
    last_status: outcome.status,
    last_error: outcome.error,
    failing_since: webhook.failing_since ?? nowMs,
  };
  const next = findNextAttempt(
    {
      failures: delivery.attempts + 1,
      queuedAtMs: delivery.queued_at,
      nowMs,
      retryAfterMs: outcome.retryAfterMs,
    },
    deps.random,
  );
  if (next !== null) {
    await postponeDelivery(storage, delivery, next, changes);
    return;
  }
  // Whatever else has been tried for as long goes with it: one entry in the log for all.
  const others = await listOldDeliveries(storage, key, nowMs - retryPeriodMs);
  const ids = new Set([delivery.event_id, ...others.map((other) => other.event_id)]);
  await giveUp(deps, webhook, [...ids], outcome);
}
