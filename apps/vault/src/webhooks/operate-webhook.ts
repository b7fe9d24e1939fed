import { randomBytes } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import type { VaultDeps } from '../deps.js';
import { findRecordMonth } from '../storage/log/audit-cursors.js';
import { type AuditPlace, searchAuditRecords } from '../storage/log/search/audit-search.js';
import { type EventPlace, queueDeliveries } from '../storage/webhooks/webhook-deliveries.js';
import { enableWebhook, replaceSecrets, type WebhookRow } from '../storage/webhooks/webhook-rows.js';
import { isSubscribed } from './message/event-message.js';
import { type AttemptOutcome, sendMessage } from './message/send-message.js';
import {
  describeSecretPlace,
  listLiveSecrets,
  mintWebhookSecret,
  openWebhookSecrets,
  overlapMs,
  type StoredWebhookSecrets,
} from './message/webhook-secret.js';

/** Events that one `resend` queues at most. */
export const resendMax = 10_000;
const recordsPerPage = 500;
/** Secrets that sign one message at most; of more rotations in 24 hours the oldest goes. */
const liveSecretsMax = 8;
const operator = 'operator';

/** Sends a `webhook.test` message at once, and tells what the endpoint answered. @throws OpenError */
export async function testWebhook(
  deps: VaultDeps,
  webhook: WebhookRow,
  signal: AbortSignal,
): Promise<AttemptOutcome> {
  const secrets = listLiveSecrets(await openWebhookSecrets(deps, webhook), deps.clock());
  const { allowedNetworks } = await deps.settings.loadCurrent(webhook.app_id);
  const message = {
    type: 'webhook.test',
    timestamp: new Date(deps.clock()).toISOString(),
    data: { webhook: webhook.name },
  };
  return sendMessage(
    deps,
    { url: webhook.url, secrets, allowedNetworks },
    { id: `test_${uuidv7()}`, body: JSON.stringify(message) },
    signal,
  );
}

/** Queues one event again by its id, whether or not the webhook subscribes to it. @returns false when the app has no such event */
export async function resendEvent(deps: VaultDeps, webhook: WebhookRow, eventId: string): Promise<boolean> {
  const month = await findRecordMonth(deps.storage, { id: eventId, appId: webhook.app_id });
  if (month === undefined) return false;
  await queue(deps, webhook, [{ id: eventId, month }]);
  return true;
}

/** Queues again what a webhook subscribes to and happened in a period, oldest first. @returns how many events, at most `resendMax` */
export async function resendPeriod(
  deps: VaultDeps,
  webhook: WebhookRow,
  period: { fromMs: number; untilMs: number },
): Promise<number> {
  const patterns = JSON.parse(webhook.events_json) as string[];
  const filter = { appId: webhook.app_id, ...period };
  const events: EventPlace[] = [];
  let after: AuditPlace | null = null;
  do {
    const page: Awaited<ReturnType<typeof searchAuditRecords>> = await searchAuditRecords(deps.storage, {
      filter,
      order: 'asc',
      after,
      limit: recordsPerPage,
    });
    for (const { id, month, kind } of page) if (isSubscribed(patterns, kind)) events.push({ id, month });
    after = page.length < recordsPerPage ? null : (page.at(-1) ?? null);
  } while (after !== null && events.length < resendMax);
  const chosen = events.slice(0, resendMax);
  if (chosen.length > 0) await queue(deps, webhook, chosen);
  return chosen.length;
}

async function queue(deps: VaultDeps, webhook: WebhookRow, events: readonly EventPlace[]): Promise<void> {
  await deps.audit.append({
    kind: 'webhook.resent',
    appId: webhook.app_id,
    principal: operator,
    details: { ...describe(webhook), events: events.length },
  });
  const key = { appId: webhook.app_id, id: webhook.id };
  await queueDeliveries(deps.storage, key, events, null, deps.clock());
}

/** Puts a disabled webhook to use again. */
export async function reenableWebhook(deps: VaultDeps, webhook: WebhookRow): Promise<void> {
  await deps.audit.append({
    kind: 'webhook.enabled',
    appId: webhook.app_id,
    principal: operator,
    details: describe(webhook),
  });
  const write = enableWebhook(webhook.app_id, webhook.id, deps.clock());
  await deps.storage.transaction(write);
}

/**
 * Gives a webhook a new secret; each one before signs beside it until its 24 hours are over, so that a secret which nobody got to
 * see takes no receiver its own.
 * @returns the new secret, and null when somebody else changed it at the same time
 */
export async function rotateSecret(deps: VaultDeps, webhook: WebhookRow): Promise<string | null> {
  const nowMs = deps.clock();
  const stored = await openWebhookSecrets(deps, webhook);
  const before = stored
    .map((item) => ({ ...item, expires_at: item.expires_at ?? nowMs + overlapMs }))
    .filter((item) => item.expires_at > nowMs)
    .slice(0, liveSecretsMax - 1);
  const secret = mintWebhookSecret(randomBytes);
  const secrets: StoredWebhookSecrets = [{ secret, expires_at: null }, ...before];
  const place = describeSecretPlace(webhook.app_id, webhook.id);
  const changes = {
    sealed_secrets: await deps.keyring.seal(place, JSON.stringify(secrets)),
    updated_at: nowMs,
  };
  await deps.audit.append({
    kind: 'webhook.secret_rotated',
    appId: webhook.app_id,
    principal: operator,
    details: describe(webhook),
  });
  return (await replaceSecrets(deps.storage, webhook, changes)) ? secret : null;
}

function describe(webhook: WebhookRow): { webhook_id: string; webhook: string } {
  return { webhook_id: webhook.id, webhook: webhook.name };
}
