import { expect, it } from 'vitest';
import { runOperation } from '../../src/admin/run-operation.js';
import { runWebhooks } from '../../src/webhooks/run-webhooks.js';
import { describeBothDatabases } from '../harness.js';
import { readAudit } from '../server/read-audit.js';
import { startReceiver } from './receiver.js';
import { apply, prepareWorlds } from './webhook-world.js';

const hourMs = 3_600_000;

describeBothDatabases('webhooks in trouble', (kind) => {
  const prepare = prepareWorlds(kind);

  it('A7: an endpoint that fails is tried for 24 hours, ever more rarely, then it is given up and on record', async () => {
    const { vault, receiver, record, deliver, time, readWebhook } = await prepare();
    receiver.answer = 500;
    const id = await record();
    const start = time.ms;
    const attemptsMs: number[] = [];
    while (time.ms < start + 25 * hourMs) {
      const before = receiver.received.length;
      await deliver();
      if (receiver.received.length > before) attemptsMs.push(time.ms - start);
      const [delivery] = await vault.deps.storage.db.selectFrom('webhook_deliveries').selectAll().execute();
      if (!delivery) break;
      time.ms = delivery.next_attempt_at;
    }
    expect(attemptsMs.slice(0, 5)).toEqual([0, 5_000, 25_000, 105_000, 425_000]);
    expect(attemptsMs.at(-1)).toBe(24 * hourMs);
    const gaps = attemptsMs.slice(1).map((ms, index) => ms - (attemptsMs[index] ?? 0));
    expect(Math.max(...gaps)).toBe(2 * hourMs);
    expect(new Set(receiver.received.map((message) => message.id))).toEqual(new Set([id]));
    const [event] = await readAudit(vault, 'webhook.given_up');
    expect(event).toMatchObject({
      details: { webhook: 'ops', events: 1, first_event: id, last_status: 500, last_error: 'http_500' },
    });
    expect(await readWebhook()).toMatchObject({ waiting: 0, given_up: 1, last_status: 500 });
    const { webhooks } = (await runOperation(vault.deps, 'webhooks.list', {})) as { webhooks: object[] };
    expect(webhooks).toMatchObject([
      { given_up: 1, last_error: 'http_500', failing_since: expect.any(String) },
    ]);

    receiver.answer = 200;
    expect(await runOperation(vault.deps, 'webhooks.resend', { name: 'ops', eventId: id })).toMatchObject({
      events: 1,
    });
    await deliver();
    expect(receiver.received.at(-1)?.id).toBe(id);
    expect(await readWebhook()).toMatchObject({ waiting: 0, failing_since: null, last_status: 200 });
  });

  it('A7: retries are spread, follow Retry-After, and come at once when the endpoint is back', async () => {
    const { vault, receiver, record, deliver, time, readWebhook } = await prepare();
    receiver.answer = (response) => response.writeHead(503, { 'retry-after': '600' }).end();
    await record();
    await deliver();
    const [delivery] = await vault.deps.storage.db.selectFrom('webhook_deliveries').selectAll().execute();
    expect(delivery?.next_attempt_at).toBe(time.ms + 600_000);
    receiver.answer = 200;
    time.ms += 400_000;
    const second = await record();
    await deliver();
    expect(receiver.received.map((message) => message.id)).toEqual([
      delivery?.event_id,
      second,
      delivery?.event_id,
    ]);
    expect(await readWebhook()).toMatchObject({ waiting: 0, failing_since: null });
  });

  it('A7: a redirect is a failure and is not followed; a 410 disables, and enabling begins anew', async () => {
    const { vault, receiver, record, deliver, readWebhook } = await prepare();
    const elsewhere = await startReceiver();
    receiver.answer = (response) => response.writeHead(307, { location: elsewhere.url }).end();
    await record();
    await deliver();
    expect(await readWebhook()).toMatchObject({ waiting: 1, last_error: 'redirect_not_followed' });
    expect(elsewhere.received).toEqual([]);
    await elsewhere.close();

    receiver.answer = 410;
    await record();
    await deliver();
    expect(await readWebhook()).toMatchObject({ status: 'disabled', waiting: 0, last_status: 410 });
    expect(await readAudit(vault, 'webhook.disabled')).toHaveLength(1);
    const count = receiver.received.length;
    receiver.answer = 200;
    await record();
    await deliver();
    await expect(
      runOperation(vault.deps, 'webhooks.resend', { name: 'ops', fromMs: 0 }),
    ).rejects.toMatchObject({ code: 'webhook_disabled' });
    expect(receiver.received).toHaveLength(count);
    await runOperation(vault.deps, 'webhooks.enable', { name: 'ops' });
    const later = await record();
    await deliver();
    expect(receiver.received.slice(count).map((message) => message.id)).toEqual([later]);
  });

  it('A7: a dead endpoint fills no table: what it has no room for waits in the log, and comes when it is back', async () => {
    const { receiver, record, deliver, time, readWebhook } = await prepare();
    receiver.answer = 500;
    const ids = await Promise.all(Array.from({ length: 80 }, () => record()));
    await deliver();
    expect((await readWebhook()).waiting).toBe(50);
    receiver.answer = 200;
    time.ms += hourMs;
    receiver.received.length = 0;
    await deliver();
    expect(new Set(receiver.received.map((message) => message.id))).toEqual(new Set(ids));
    expect((await readWebhook()).waiting).toBe(0);
  });

  it('E1: an address inside the own network is refused, unless the operator allows it', async () => {
    const production = { ALTER_VAULT_ENV: 'production', ALTER_VAULT_PUBLIC_URL: 'https://vault.example.com' };
    const url = 'https://127.0.0.1:9/hook';
    const refused = await prepare({ environment: production, url });
    await refused.record();
    await refused.deliver();
    expect((await refused.readWebhook()).last_error).toBe('blocked_destination');
    expect(await runOperation(refused.vault.deps, 'webhooks.test', { name: 'ops' })).toEqual({
      is_delivered: false,
      status: null,
      error: 'blocked_destination',
    });
    const allowed = await prepare({ environment: production, url, networks: ['127.0.0.0/8'] });
    await allowed.record();
    await allowed.deliver();
    expect((await allowed.readWebhook()).last_error).toBe('connect_failed');
  });

  it('A7: an endpoint that does not answer keeps no other waiting', async () => {
    const { vault, receiver: slow, record } = await prepare();
    const fast = await startReceiver();
    const webhooks = [
      { name: 'ops', url: slow.url, events: ['grant.*'] },
      { name: 'fast', url: fast.url, events: ['grant.*'] },
    ];
    await apply(vault, { version: 1, apps: [{ slug: 'demo', name: 'Demo', webhooks }] });
    // Neither answer nor end.
    slow.answer = () => {};
    const stopped = new AbortController();
    const errors: unknown[] = [];
    const deps = { ...vault.deps, random: () => 0.5, onError: (error: unknown) => errors.push(error) };
    const running = runWebhooks(deps, stopped.signal);
    try {
      await Promise.all(Array.from({ length: 40 }, () => record()));
      await slow.waitFor((received) => received.length === 4);
      await fast.waitFor((received) => received.length === 40);
      expect(slow.received).toHaveLength(4);
    } finally {
      stopped.abort();
      await running;
      await fast.close();
    }
    expect(errors).toEqual([]);
    // What was under way has not been tried: it is due at the next start.
    const waiting = await vault.deps.storage.db.selectFrom('webhook_deliveries').select('attempts').execute();
    expect(waiting.filter((delivery) => delivery.attempts > 0)).toEqual([]);
  }, 30_000);

  it('A7: a period is sent again on demand, and a test message is sent at once', async () => {
    const { vault, receiver, record, deliver, time } = await prepare();
    const first = await record();
    time.ms += hourMs;
    const second = await record();
    await record({ kind: 'access.retrieve' });
    await deliver();
    receiver.received.length = 0;
    const input = { name: 'ops', app: 'demo', fromMs: time.ms - 2 * hourMs };
    expect(await runOperation(vault.deps, 'webhooks.resend', input)).toEqual({
      events: 2,
      is_complete: true,
    });
    await deliver();
    expect(receiver.received.map((message) => message.id)).toEqual([first, second]);
    expect(await readAudit(vault, 'webhook.resent')).toMatchObject([{ details: { events: 2 } }]);
    expect(await runOperation(vault.deps, 'webhooks.test', { name: 'ops' })).toMatchObject({
      is_delivered: true,
    });
    expect(receiver.received.at(-1)?.body.type).toBe('webhook.test');
    for (const [name, code] of [['nothing', 'not_found']] as const)
      await expect(runOperation(vault.deps, 'webhooks.test', { name })).rejects.toMatchObject({ code });
    const unknown = { name: 'ops', eventId: '01890000-0000-7000-8000-000000000000' };
    await expect(runOperation(vault.deps, 'webhooks.resend', unknown)).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});
