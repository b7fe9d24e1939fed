import type { Selectable, Updateable } from 'kysely';
import type { Storage } from '../database/storage.js';
import { advanceCursor } from '../log/audit-cursors.js';
import type { WebhookDeliveryTable } from '../tables/log-tables.js';
import type { WebhookTable } from '../tables/settings-tables.js';
import { nameConsumer, setWebhookFields, type WebhookKey } from './webhook-rows.js';

/** A stored delivery. */
export type DeliveryRow = Selectable<WebhookDeliveryTable>;

/** An event with the month of its record. */
export interface EventPlace {
  readonly id: string;
  readonly month: string;
}

const rowsPerInsert = 100;

/** How many events wait for a webhook. */
export async function countDeliveries(storage: Storage, webhook: WebhookKey): Promise<number> {
  const row = await storage.db
    .selectFrom('webhook_deliveries')
    .select((is) => is.fn.countAll<number>().as('count'))
    .where('app_id', '=', webhook.appId)
    .where('webhook_id', '=', webhook.id)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Queues events, and notes in the same transaction how far the log has been read for them; an event that waits already stays as it is. */
export async function queueDeliveries(
  storage: Storage,
  webhook: WebhookKey,
  events: readonly EventPlace[],
  read: { chainId: string; through: number } | null,
  nowMs: number,
): Promise<void> {
  await storage.transaction(async (trx) => {
    for (let first = 0; first < events.length; first += rowsPerInsert) {
      const rows = events.slice(first, first + rowsPerInsert).map((event) => ({
        app_id: webhook.appId,
        webhook_id: webhook.id,
        event_id: event.id,
        month: event.month,
        attempts: 0,
        queued_at: nowMs,
        next_attempt_at: nowMs,
      }));
      await trx
        .insertInto('webhook_deliveries')
        .values(rows)
        .onConflict((conflict) => conflict.columns(['app_id', 'webhook_id', 'event_id']).doNothing())
        .execute();
    }
    if (read !== null) await advanceCursor(trx, nameConsumer(webhook.id), read.chainId, read.through);
  });
}

/** Makes events that wait for a later try due now. */
export async function hurryDeliveries(storage: Storage, webhook: WebhookKey, nowMs: number): Promise<void> {
  await storage.db
    .updateTable('webhook_deliveries')
    .set({ next_attempt_at: nowMs })
    .where('app_id', '=', webhook.appId)
    .where('webhook_id', '=', webhook.id)
    .where('next_attempt_at', '>', nowMs)
    .execute();
}

/** Events that are due, the longest due first. */
export function listDueDeliveries(
  storage: Storage,
  webhook: WebhookKey,
  nowMs: number,
  limit: number,
): Promise<DeliveryRow[]> {
  return selectDeliveries(storage, webhook)
    .where('next_attempt_at', '<=', nowMs)
    .orderBy('next_attempt_at')
    .orderBy('event_id')
    .limit(limit)
    .execute();
}

/** Events that were tried and have been queued since before `queuedBeforeMs`. */
export function listOldDeliveries(
  storage: Storage,
  webhook: WebhookKey,
  queuedBeforeMs: number,
): Promise<DeliveryRow[]> {
  return selectDeliveries(storage, webhook)
    .where('queued_at', '<=', queuedBeforeMs)
    .where('attempts', '>', 0)
    .orderBy('event_id')
    .execute();
}

/** Takes a delivered event out of the queue, and notes what became of the webhook where that is news. */
export async function endDelivery(
  storage: Storage,
  delivery: DeliveryRow,
  changes: Updateable<WebhookTable> | null,
): Promise<void> {
  const remove = (db: Storage['db']) =>
    db
      .deleteFrom('webhook_deliveries')
      .where('app_id', '=', delivery.app_id)
      .where('webhook_id', '=', delivery.webhook_id)
      .where('event_id', '=', delivery.event_id)
      .execute();
  if (changes === null) {
    await remove(storage.db);
    return;
  }
  await storage.transaction(async (trx) => {
    await remove(trx);
    await setWebhookFields(trx, readKey(delivery), changes);
  });
}

/** Takes events out of the queue that will not be delivered, and counts them. */
export async function giveUpDeliveries(
  storage: Storage,
  webhook: WebhookKey,
  eventIds: readonly string[],
  changes: Updateable<WebhookTable>,
): Promise<void> {
  await storage.transaction(async (trx) => {
    for (let first = 0; first < eventIds.length; first += rowsPerInsert) {
      await trx
        .deleteFrom('webhook_deliveries')
        .where('app_id', '=', webhook.appId)
        .where('webhook_id', '=', webhook.id)
        .where('event_id', 'in', eventIds.slice(first, first + rowsPerInsert))
        .execute();
    }
    await trx
      .updateTable('webhooks')
      .set((is) => ({ ...changes, given_up: is('given_up', '+', eventIds.length) }))
      .where('app_id', '=', webhook.appId)
      .where('id', '=', webhook.id)
      .execute();
  });
}

/** Puts an event off after a failure and notes what became of the webhook. */
export async function postponeDelivery(
  storage: Storage,
  delivery: DeliveryRow,
  nextAttemptMs: number,
  changes: Updateable<WebhookTable>,
): Promise<void> {
  await storage.transaction(async (trx) => {
    await trx
      .updateTable('webhook_deliveries')
      .set({ attempts: delivery.attempts + 1, next_attempt_at: nextAttemptMs })
      .where('app_id', '=', delivery.app_id)
      .where('webhook_id', '=', delivery.webhook_id)
      .where('event_id', '=', delivery.event_id)
      .execute();
    await setWebhookFields(trx, readKey(delivery), changes);
  });
}

function readKey(delivery: DeliveryRow): WebhookKey {
  return { appId: delivery.app_id, id: delivery.webhook_id };
}

function selectDeliveries(storage: Storage, webhook: WebhookKey) {
  return storage.db
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('app_id', '=', webhook.appId)
    .where('webhook_id', '=', webhook.id);
}
