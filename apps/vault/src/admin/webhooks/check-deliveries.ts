import { countUnsent } from '../../audit/export/otlp/otlp-consumer.js';
import type { VaultDeps } from '../../deps.js';
import { countOf } from '../../keys/inspect/count-of.js';
import { type ListedWebhook, listWebhooks } from '../../storage/webhooks/webhook-rows.js';
import type { DoctorCheck } from '../doctor/doctor-check.js';

const dayMs = 86_400_000;
const recordsBehindMax = 10_000;

/** Webhooks that do not arrive, and a collector that does not keep up. */
export async function checkDeliveries(deps: VaultDeps): Promise<DoctorCheck[]> {
  const nowMs = deps.clock();
  const webhooks = await listWebhooks(deps.storage, {});
  const checks = webhooks.map((webhook) => judgeWebhook(webhook, nowMs));
  if (deps.config.otlp?.hasLogs) checks.push(judgeCollector(await countUnsent(deps.storage)));
  return checks;
}

/** Judges one webhook by its last attempts. */
export function judgeWebhook(webhook: ListedWebhook, nowMs: number): DoctorCheck {
  const name = `${webhook.app}/${webhook.name}`;
  const warn = (message: string): DoctorCheck => ({ name, status: 'warning', message });
  if (webhook.status === 'disabled')
    return warn(`${webhook.disabled_reason ?? 'disabled'}; alter webhooks enable`);
  if (webhook.last_given_up_at !== null && webhook.last_given_up_at > nowMs - dayMs)
    return warn(
      `${countOf(webhook.given_up, 'event')} given up so far, the last within a day; alter webhooks resend`,
    );
  if (webhook.failing_since !== null) {
    const since = new Date(webhook.failing_since).toISOString();
    return warn(
      `fails since ${since} (${webhook.last_error ?? 'unknown'}), ${countOf(Number(webhook.waiting), 'event')} waiting`,
    );
  }
  return { name, status: 'ok', message: 'the webhook takes its events' };
}

/** Judges how far the collector is behind. */
export function judgeCollector(recordsBehind: number): DoctorCheck {
  return {
    name: 'collector',
    status: recordsBehind > recordsBehindMax ? 'warning' : 'ok',
    message: `not sent yet: ${countOf(recordsBehind, 'audit record')}`,
  };
}
