import { OpenError } from '@alter-ai/core-crypto';
import type { VaultDeps } from '../deps.js';
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
const successNoticeMs = 30_000;

/** What delivering needs; `random` spreads the retries. */
export type DeliveryDeps = Pick<
  VaultDeps,
  'storage' | 'keyring' | 'audit' | 'settings' | 'egress' | 'clock'
> & {
  readonly random: () => number;
  /** Events that wait for one webhook at most; 1,000 unless told. */
  readonly waitingMax?: number;
};

/** Where the messages of one pass go; null while the secrets do not open: unsigned nothing is sent. */
export type DeliveryTarget = Parameters<typeof sendMessage>[1] | null;

/** Reads what a pass over a webhook needs. */
export async function readTarget(deps: DeliveryDeps, webhook: WebhookRow): Promise<DeliveryTarget> {
  try {
    const secrets = listLiveSecrets(await openWebhookSecrets(deps, webhook), deps.clock());
    const { allowedNetworks } = await deps.settings.loadCurrent(webhook.app_id);
    return { url: webhook.url, secrets, allowedNetworks };
  } catch (error) {
    // The keyring has reported which value does not open (K8).
    if (error instanceof OpenError) return null;
    throw error;
  }
}

/** Makes one attempt to deliver an event, and stores what became of it. An attempt that the signal ends has not been. */
export async function deliverEvent(
  deps: DeliveryDeps,
  webhook: WebhookRow,
  message: { target: DeliveryTarget; delivery: DeliveryRow; record: string | undefined },
  signal: AbortSignal,
): Promise<AttemptOutcome['result'] | 'missing'> {
  const { storage } = deps;
  const { target, delivery, record } = message;
  const key = { appId: webhook.app_id, id: webhook.id };
  const body = record === undefined ? null : buildMessage(record);
  if (body === null) {
    // Retention was faster: nothing is left to send.
    await giveUp(deps, webhook, [delivery.event_id], { status: null, error: 'record_gone' });
    return 'missing';
  }
  const outcome: AttemptOutcome =
    target === null
      ? { result: 'failed', status: null, error: 'secret_unreadable', retryAfterMs: null }
      : await sendMessage(deps, target, { id: delivery.event_id, body }, signal);
  if (outcome.result === 'aborted') return 'aborted';
  const nowMs = deps.clock();
  const seen = { last_attempt_at: nowMs, last_status: outcome.status, last_error: outcome.error };
  if (outcome.result === 'delivered') {
    // The time of the last success need not be true to the second, and the row of the webhook is one for all its deliveries.
    const isNews = webhook.last_error !== null || (webhook.last_success_at ?? 0) <= nowMs - successNoticeMs;
    await endDelivery(
      storage,
      delivery,
      isNews ? { ...seen, last_success_at: nowMs, failing_since: null } : null,
    );
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
