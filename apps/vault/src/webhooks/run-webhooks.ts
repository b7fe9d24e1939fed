import { setTimeout as delay } from 'node:timers/promises';
import { readLoggedRecords } from '../storage/log/audit-cursors.js';
import { listDueDeliveries } from '../storage/webhooks/webhook-deliveries.js';
import { findActiveWebhook, listActiveWebhooks, type WebhookKey } from '../storage/webhooks/webhook-rows.js';
import { type DeliveryDeps, deliverEvent, readTarget } from './deliver-event.js';
import { queueEvents } from './queue-events.js';

/** Requests under way at one endpoint at most. */
const concurrencyMax = 4;
const eventsPerPass = 16;
const pollMs = 1_000;
const troubleMs = 5_000;

/**
 * Delivers to every webhook until the signal, in a lane for each: what one endpoint does keeps no other waiting.
 * Whatever ends the process, the queue is in the database and the rest in the audit log.
 */
export async function runWebhooks(
  deps: DeliveryDeps & { readonly onError: (error: unknown) => void },
  signal: AbortSignal,
): Promise<void> {
  const lanes = new Map<string, Promise<void>>();
  while (!signal.aborted) {
    try {
      for (const { app_id: appId, id } of await listActiveWebhooks(deps.storage)) {
        if (lanes.has(id)) continue;
        const lane = runLane(deps, { appId, id }, signal).finally(() => lanes.delete(id));
        lanes.set(id, lane);
      }
    } catch (error) {
      deps.onError(error);
    }
    await wait(pollMs, signal);
  }
  await Promise.all(lanes.values());
}

async function runLane(
  deps: DeliveryDeps & { readonly onError: (error: unknown) => void },
  key: WebhookKey,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const pass = await runPass(deps, key, signal);
      if (pass === 'inactive') return;
      if (pass === 'idle') await wait(pollMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      deps.onError(error);
      await wait(troubleMs, signal);
    }
  }
}

/** One pass over one webhook: queues what is new, and makes the attempts that are due. */
export async function runPass(
  deps: DeliveryDeps,
  key: WebhookKey,
  signal: AbortSignal,
): Promise<'inactive' | 'idle' | 'worked'> {
  const webhook = await findActiveWebhook(deps.storage, key);
  if (!webhook) return 'inactive';
  await queueEvents(deps, webhook, signal);
  // An endpoint that fails gets one request at a time until it answers well again.
  const isFailing = webhook.failing_since !== null;
  const due = await listDueDeliveries(deps.storage, key, deps.clock(), isFailing ? 1 : eventsPerPass);
  if (due.length === 0) return 'idle';
  const target = await readTarget(deps, webhook);
  const places = due.map((delivery) => ({ month: delivery.month, id: delivery.event_id }));
  const records = await readLoggedRecords(deps.storage, key.appId, places);
  let isStopped = false;
  const takeTurns = async () => {
    for (let next = due.shift(); next !== undefined && !isStopped; next = due.shift()) {
      const message = { target, delivery: next, record: records.get(next.event_id) };
      const result = await deliverEvent(deps, webhook, message, signal);
      if (result !== 'delivered') isStopped = true;
    }
  };
  await Promise.all(Array.from({ length: isFailing ? 1 : concurrencyMax }, takeTurns));
  return 'worked';
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {});
}
