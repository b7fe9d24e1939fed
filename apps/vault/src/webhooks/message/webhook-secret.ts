import { type RandomBytes, SecretValue } from '@alter-ai/core-crypto';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { VaultDeps } from '../../deps.js';
import type { WebhookRow } from '../../storage/webhooks/webhook-rows.js';

const prefix = 'whsec_';
const secretBytes = 32;

/** How long the secret before still signs beside a new one. */
export const overlapMs = 86_400_000;

/** What `webhooks.sealed_secrets` holds once opened: newest first; each but the first with its end. */
export const storedWebhookSecretsSchema = z.array(
  z.strictObject({ secret: z.string(), expires_at: z.number().nullable() }),
);

/** The live secrets of a webhook as stored. */
export type StoredWebhookSecrets = z.infer<typeof storedWebhookSecretsSchema>;

/** Whether a text is a secret of Standard Webhooks: `whsec_` and 24 to 64 bytes in base64. */
export function isWebhookSecret(text: string): boolean {
  if (!text.startsWith(prefix)) return false;
  const encoded = text.slice(prefix.length);
  const bytes = Buffer.from(encoded, 'base64');
  return bytes.length >= 24 && bytes.length <= 64 && bytes.toString('base64') === encoded;
}

/** A new secret from 32 random bytes. */
export function mintWebhookSecret(randomBytes: RandomBytes): string {
  return prefix + Buffer.from(randomBytes(secretBytes)).toString('base64');
}

/** Where a webhook's secrets are sealed to (K1). */
export function describeSecretPlace(appId: string, webhookId: string) {
  return { table: 'webhooks', rowId: webhookId, appId, field: 'secrets' };
}

/** Opens a webhook's secrets. @throws OpenError */
export async function openWebhookSecrets(
  deps: Pick<VaultDeps, 'keyring'>,
  row: Pick<WebhookRow, 'app_id' | 'id' | 'sealed_secrets'>,
): Promise<StoredWebhookSecrets> {
  const opened = await deps.keyring.open(describeSecretPlace(row.app_id, row.id), row.sealed_secrets);
  return storedWebhookSecretsSchema.parse(JSON.parse(opened));
}

/** The secrets that sign now, newest first. */
export function listLiveSecrets(secrets: StoredWebhookSecrets, nowMs: number): SecretValue[] {
  return secrets
    .filter((item) => item.expires_at === null || item.expires_at > nowMs)
    .map((item) => SecretValue.of(item.secret));
}

/** The headers of one message (Standard Webhooks 1.0): a signature by each live secret, so that a receiver may change when it likes. */
export function signMessage(
  secrets: readonly SecretValue[],
  message: { id: string; body: string; nowMs: number },
): Record<string, string> {
  const at = new Date(message.nowMs);
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(Math.floor(message.nowMs / 1000)),
    'webhook-signature': secrets
      .map((secret) => new Webhook(secret.reveal()).sign(message.id, at, message.body))
      .join(' '),
  };
}
