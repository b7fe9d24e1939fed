import { randomBytes } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import {
  enableWebhook,
  insertWebhook,
  removeWebhook,
  updateWebhook,
  type WebhookRow,
} from '../../storage/webhooks/webhook-rows.js';
import {
  describeSecretPlace,
  mintWebhookSecret,
  openWebhookSecrets,
} from '../../webhooks/message/webhook-secret.js';
import { listDifferences, noteChange, type PlanPart } from '../apply/change.js';
import type { WebhookEntry } from './webhook-schema.js';

/** A webhook after applying; `secret` only when it was made here, and never again. */
export interface AppliedWebhook {
  readonly name: string;
  readonly id: string;
  readonly secret?: string;
}

/** Plans an app's webhooks: each is known by its name; ids stay. */
export async function planWebhooks(
  part: PlanPart,
  stored: readonly WebhookRow[],
  entries: readonly WebhookEntry[] | undefined,
): Promise<AppliedWebhook[]> {
  const applied: AppliedWebhook[] = [];
  for (const entry of entries ?? []) {
    const row = stored.find((candidate) => candidate.name === entry.name);
    applied.push(row ? await planChange(part, row, entry) : await planNew(part, entry));
  }
  if (!part.isPruning) return applied;
  const named = new Set((entries ?? []).map((entry) => entry.name));
  for (const row of stored) {
    if (named.has(row.name)) continue;
    part.writes.push(removeWebhook(part.appId, row.id));
    noteChange(part, 'webhook', row.name, 'remove');
  }
  return applied;
}

async function planNew(part: PlanPart, entry: WebhookEntry): Promise<AppliedWebhook> {
  const id = uuidv7();
  const given = readSecrets(entry);
  const minted = given === undefined ? mintWebhookSecret(randomBytes) : undefined;
  part.writes.push(
    insertWebhook({
      app_id: part.appId,
      id,
      name: entry.name,
      url: entry.url,
      events_json: JSON.stringify(entry.events),
      sealed_secrets: await sealSecrets(part, id, given ?? (minted === undefined ? [] : [minted])),
      is_from_file: given === undefined ? 0 : 1,
      status: 'active',
      disabled_reason: null,
      failing_since: null,
      last_attempt_at: null,
      last_success_at: null,
      last_status: null,
      last_error: null,
      given_up: 0,
      last_given_up_at: null,
      created_at: part.nowMs,
      updated_at: part.nowMs,
    }),
  );
  noteChange(part, 'webhook', entry.name, 'create');
  return { name: entry.name, id, ...(minted === undefined ? {} : { secret: minted }) };
}

async function planChange(part: PlanPart, row: WebhookRow, entry: WebhookEntry): Promise<AppliedWebhook> {
  const given = readSecrets(entry);
  const changes = {
    url: entry.url,
    events_json: JSON.stringify(entry.events),
    is_from_file: given === undefined ? 0 : 1,
  };
  const fields: string[] = listDifferences(row, changes);
  // An address that is another one deserves a new try.
  if (fields.includes('url') && row.status === 'disabled')
    part.writes.push(enableWebhook(part.appId, row.id, part.nowMs));
  const isSecretChanged = given !== undefined && !(await areSecretsStored(part, row, given));
  if (isSecretChanged) fields.push('secret');
  if (fields.length > 0) {
    part.writes.push(
      updateWebhook(part.appId, row.id, {
        ...changes,
        ...(isSecretChanged ? { sealed_secrets: await sealSecrets(part, row.id, given) } : {}),
        updated_at: part.nowMs,
      }),
    );
  }
  const names = fields.map((field) => field.replace(/_json$/, ''));
  noteChange(part, 'webhook', entry.name, fields.length > 0 ? 'change' : 'unchanged', names);
  return { name: entry.name, id: row.id };
}

function readSecrets(entry: WebhookEntry): string[] | undefined {
  return typeof entry.secret === 'string' ? [entry.secret] : entry.secret;
}

function sealSecrets(part: PlanPart, id: string, secrets: readonly string[]): Promise<Buffer> {
  const stored = secrets.map((secret) => ({ secret, expires_at: null }));
  return part.deps.keyring.seal(describeSecretPlace(part.appId, id), JSON.stringify(stored));
}

async function areSecretsStored(
  part: PlanPart,
  row: WebhookRow,
  secrets: readonly string[],
): Promise<boolean> {
  const stored = await openWebhookSecrets(part.deps, row);
  return (
    stored.length === secrets.length &&
    stored.every((item, index) => item.secret === secrets[index] && item.expires_at === null)
  );
}
