import { z } from 'zod';
import type { VaultDeps } from '../../deps.js';
import { type ListedWebhook, listWebhooks } from '../../storage/webhooks/webhook-rows.js';
import {
  reenableWebhook,
  resendEvent,
  resendMax,
  resendPeriod,
  rotateSecret,
  testWebhook,
} from '../../webhooks/operate-webhook.js';
import { defineOperation, OperationError } from '../operation.js';

const app = z.string().max(63).optional();
const name = z.string().max(200);

/** What an operator does with webhooks. */
export const webhookOperations = {
  'webhooks.list': defineOperation({ app }, async (deps, input) => {
    const rows = await listWebhooks(deps.storage, { slug: input.app });
    return { webhooks: rows.map(describeWebhook) };
  }),
  'webhooks.test': defineOperation({ app, name }, async (deps, input) => {
    const webhook = await findWebhook(deps, input);
    const signal = deps.stopping ?? new AbortController().signal;
    const { result, status, error } = await testWebhook(deps, webhook, signal);
    return { is_delivered: result === 'delivered', status, error };
  }),
  'webhooks.resend': defineOperation(
    {
      app,
      name,
      eventId: z.string().max(64).optional(),
      fromMs: z.number().optional(),
      untilMs: z.number().optional(),
    },
    async (deps, input) => {
      const webhook = await findWebhook(deps, input);
      if (webhook.status !== 'active') {
        throw new OperationError(
          'webhook_disabled',
          `The webhook ${webhook.name} is disabled: enable it first.`,
        );
      }
      if (input.eventId !== undefined) {
        if (await resendEvent(deps, webhook, input.eventId)) return { events: 1, is_complete: true };
        throw new OperationError('not_found', `The app has no event ${input.eventId}.`);
      }
      if (input.fromMs === undefined) {
        throw new OperationError('invalid_request', 'Say which event, or from what time on.');
      }
      await deps.audit.flush();
      const period = { fromMs: input.fromMs, untilMs: input.untilMs ?? deps.clock() + 1 };
      const events = await resendPeriod(deps, webhook, period);
      return { events, is_complete: events < resendMax };
    },
  ),
  'webhooks.enable': defineOperation({ app, name }, async (deps, input) => {
    const webhook = await findWebhook(deps, input);
    const isChanged = webhook.status !== 'active';
    if (isChanged) await reenableWebhook(deps, webhook);
    return { is_changed: isChanged };
  }),
  'webhooks.rotate_secret': defineOperation({ app, name }, async (deps, input) => {
    const webhook = await findWebhook(deps, input);
    if (webhook.is_from_file === 1) {
      throw new OperationError(
        'settings_conflict',
        'The secret of this webhook is given in the configuration file: put the new one there, before the old one.',
      );
    }
    const secret = await rotateSecret(deps, webhook);
    if (secret === null) {
      throw new OperationError('settings_conflict', 'Somebody else changed the webhook at the same time.');
    }
    return { name: webhook.name, app: webhook.app, secret };
  }),
} as const;

async function findWebhook(
  deps: VaultDeps,
  input: { app?: string | undefined; name: string },
): Promise<ListedWebhook> {
  const [webhook, other] = await listWebhooks(deps.storage, { slug: input.app, name: input.name });
  if (!webhook) throw new OperationError('not_found', `There is no webhook ${input.name}.`);
  if (other)
    throw new OperationError('settings_conflict', `Several apps have a webhook ${input.name}: add --app.`);
  return webhook;
}

function describeWebhook(row: ListedWebhook) {
  return {
    app: row.app,
    id: row.id,
    name: row.name,
    url: row.url,
    events: JSON.parse(row.events_json) as string[],
    status: row.status,
    disabled_reason: row.disabled_reason,
    waiting: Number(row.waiting),
    failing_since: writeTime(row.failing_since),
    last_attempt_at: writeTime(row.last_attempt_at),
    last_success_at: writeTime(row.last_success_at),
    last_status: row.last_status,
    last_error: row.last_error,
    given_up: row.given_up,
    last_given_up_at: writeTime(row.last_given_up_at),
  };
}

function writeTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
