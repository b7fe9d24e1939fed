import type { Insertable, Selectable, Transaction, Updateable } from 'kysely';
import type { Storage } from '../database/storage.js';
import { addConsumer, removeConsumer, skipToHeads } from '../log/audit-cursors.js';
import type { SettingsWrite } from '../settings/app-writes.js';
import type { WebhookTable } from '../tables/settings-tables.js';
import type { Tables } from '../tables.js';

/** A stored webhook. */
export type WebhookRow = Selectable<WebhookTable>;

/** A webhook as an operator sees it. */
export interface ListedWebhook extends WebhookRow {
  readonly app: string;
  readonly waiting: number;
}

/** Names one webhook. */
export interface WebhookKey {
  readonly appId: string;
  readonly id: string;
}

/** The consumer of the audit log that a webhook is. */
export function nameConsumer(webhookId: string): string {
  return `webhook:${webhookId}`;
}

/** All webhooks of one app. */
export function listAppWebhooks(storage: Storage, appId: string): Promise<WebhookRow[]> {
  return storage.db.selectFrom('webhooks').selectAll().where('app_id', '=', appId).orderBy('id').execute();
}

/** Every webhook that is to be delivered to; those of shredded apps have no secret left to sign with (K2). */
export function listActiveWebhooks(storage: Storage): Promise<Pick<WebhookRow, 'app_id' | 'id'>[]> {
  return storage.db
    .selectFrom('webhooks')
    .innerJoin('apps', 'apps.id', 'webhooks.app_id')
    .select(['webhooks.app_id', 'webhooks.id'])
    .where('webhooks.status', '=', 'active')
    .where('apps.shredded_at', 'is', null)
    .orderBy('webhooks.id')
    .execute();
}

/** One webhook as it is now, if it is to be delivered to. */
export function findActiveWebhook(storage: Storage, key: WebhookKey): Promise<WebhookRow | undefined> {
  return storage.db
    .selectFrom('webhooks')
    .innerJoin('apps', 'apps.id', 'webhooks.app_id')
    .selectAll('webhooks')
    .where('webhooks.app_id', '=', key.appId)
    .where('webhooks.id', '=', key.id)
    .where('webhooks.status', '=', 'active')
    .where('apps.shredded_at', 'is', null)
    .executeTakeFirst();
}

/** All webhooks, or those of one app, with the number of events that wait. */
export function listWebhooks(
  storage: Storage,
  filter: { slug?: string | undefined; name?: string | undefined },
): Promise<ListedWebhook[]> {
  let query = storage.db
    .selectFrom('webhooks')
    .innerJoin('apps', 'apps.id', 'webhooks.app_id')
    .selectAll('webhooks')
    .select('apps.slug as app')
    .select((is) =>
      is
        .selectFrom('webhook_deliveries as delivery')
        .select((count) => count.fn.countAll<number>().as('waiting'))
        .whereRef('delivery.app_id', '=', 'webhooks.app_id')
        .whereRef('delivery.webhook_id', '=', 'webhooks.id')
        .as('waiting'),
    );
  if (filter.slug !== undefined) query = query.where('apps.slug', '=', filter.slug);
  if (filter.name !== undefined) query = query.where('webhooks.name', '=', filter.name);
  return query.orderBy('apps.slug').orderBy('webhooks.name').execute() as Promise<ListedWebhook[]>;
}

/** Stores a webhook; it hears of what happens from this transaction on. */
export function insertWebhook(row: Insertable<WebhookTable>): SettingsWrite {
  return async (trx) => {
    await trx.insertInto('webhooks').values(row).execute();
    await addConsumer(trx, nameConsumer(row.id), row.created_at);
  };
}

/** Changes a webhook. */
export function updateWebhook(appId: string, id: string, changes: Updateable<WebhookTable>): SettingsWrite {
  return async (trx) => {
    await setWebhookFields(trx, { appId, id }, changes);
  };
}

/** Changes a webhook, as part of what changes with it. */
export async function setWebhookFields(
  trx: Transaction<Tables>,
  key: WebhookKey,
  changes: Updateable<WebhookTable>,
): Promise<void> {
  await trx
    .updateTable('webhooks')
    .set(changes)
    .where('app_id', '=', key.appId)
    .where('id', '=', key.id)
    .execute();
}

/** Takes a webhook out, with all that waits for it. */
export function removeWebhook(appId: string, id: string): SettingsWrite {
  return async (trx) => {
    await dropDeliveries(trx, { appId, id });
    await trx.deleteFrom('webhooks').where('app_id', '=', appId).where('id', '=', id).execute();
    await removeConsumer(trx, nameConsumer(id));
  };
}

/** Puts a webhook to use again; what happened while it was disabled is not sent. */
export function enableWebhook(appId: string, id: string, nowMs: number): SettingsWrite {
  return async (trx) => {
    await skipToHeads(trx, nameConsumer(id));
    const changes = {
      status: 'active',
      disabled_reason: null,
      failing_since: null,
      updated_at: nowMs,
    } as const;
    await setWebhookFields(trx, { appId, id }, changes);
  };
}

/** Takes a webhook out of use, with all that waits for it. */
export async function disableWebhook(
  storage: Storage,
  key: WebhookKey,
  changes: Updateable<WebhookTable>,
): Promise<void> {
  await storage.transaction(async (trx) => {
    await dropDeliveries(trx, key);
    await setWebhookFields(trx, key, { ...changes, status: 'disabled' });
  });
}

/** Replaces the secrets, unless somebody else changed the webhook since `updatedAt`. @returns whether it was done */
export async function replaceSecrets(
  storage: Storage,
  row: WebhookRow,
  changes: { sealed_secrets: Buffer; updated_at: number },
): Promise<boolean> {
  const result = await storage.db
    .updateTable('webhooks')
    .set(changes)
    .where('app_id', '=', row.app_id)
    .where('id', '=', row.id)
    .where('sealed_secrets', '=', row.sealed_secrets)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

async function dropDeliveries(trx: Transaction<Tables>, key: WebhookKey): Promise<void> {
  await trx
    .deleteFrom('webhook_deliveries')
    .where('app_id', '=', key.appId)
    .where('webhook_id', '=', key.id)
    .execute();
}
