import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { runOperation } from '../../src/admin/run-operation.js';
import { describeBothDatabases } from '../harness.js';
import type { ReceivedMessage } from './receiver.js';
import { apply, prepareWorlds } from './webhook-world.js';

const verify = (secret: string, message: ReceivedMessage) =>
  new Webhook(secret).verify(message.text, message.headers as Record<string, string>);

describeBothDatabases('webhooks', (kind) => {
  const prepare = prepareWorlds(kind);

  it('A7: what an app subscribed to arrives signed, once, with the documented fields; nothing else does', async () => {
    const { vault, receiver, record, deliver, secret, readWebhook } = await prepare();
    const id = await record({
      grantId: 'grant-1',
      userId: 'user-1',
      reason: 'no longer needed',
      keyPrefix: 'alter_key_app_x',
      sourceAddress: '192.0.2.1',
      requestSha256: 'f'.repeat(64),
      url: 'https://api.example.com/me?token=abc',
    });
    await record({ kind: 'access.retrieve' });
    await record({ appId: (await apply(vault, other)).apps[0]?.id ?? null });
    await record({ appId: null });
    await deliver();
    await deliver();
    expect(receiver.received).toHaveLength(1);
    const [message] = receiver.received as [ReceivedMessage];
    expect(verify(secret, message)).toEqual({
      type: 'grant.revoked',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      data: {
        id,
        grant_id: 'grant-1',
        user_id: 'user-1',
        reason: 'no longer needed',
        url: 'https://api.example.com/me?token=redacted',
      },
    });
    expect([message.id, message.path, message.headers['content-type']]).toEqual([
      id,
      '/hook',
      'application/json',
    ]);
    const foreign = new Webhook(`whsec_${Buffer.alloc(32, 1).toString('base64')}`);
    expect(() => foreign.verify(message.text, message.headers as Record<string, string>)).toThrow();
    expect(await readWebhook()).toMatchObject({
      waiting: 0,
      failing_since: null,
      last_status: 204,
      given_up: 0,
    });
  });

  it.skipIf(kind === 'sqlite')('A7: what another process puts on record is sent too', async () => {
    const { vault, receiver, record, deliver } = await prepare();
    const sibling = await vault.openSibling();
    const [demo] = await vault.deps.storage.db
      .selectFrom('apps')
      .select('id')
      .where('slug', '=', 'demo')
      .execute();
    const event = { kind: 'grant.created', appId: demo?.id ?? null } as const;
    const ids = await Promise.all([
      record(),
      sibling.deps.audit.append(event).then(({ recordId }) => recordId),
      record(),
      sibling.deps.audit.append(event).then(({ recordId }) => recordId),
    ]);
    await deliver();
    expect(receiver.received.map((message) => message.id).sort()).toEqual(ids.sort());
  });

  it('A7: what happened before the webhook was made is not sent', async () => {
    const { vault, receiver, record, deliver } = await prepare();
    await record();
    const webhooks = [{ name: 'later', url: receiver.url, events: ['grant.*'] }];
    const demo = { slug: 'demo', name: 'Demo' };
    // The one that was there goes in the same step.
    await apply(vault, { version: 1, apps: [{ ...demo, webhooks }] }, { isPruning: true });
    await deliver();
    expect(receiver.received).toEqual([]);
    expect((await runOperation(vault.deps, 'webhooks.list', {})) as object).toMatchObject({
      webhooks: [{ name: 'later', waiting: 0 }],
    });
  });

  it('A7: what webhooks themselves put on record is sent to none, or one failure would cause the next', async () => {
    const { receiver, record, deliver } = await prepare({ events: ['*'] });
    await deliver();
    receiver.received.length = 0;
    await record({ kind: 'webhook.given_up' });
    const id = await record();
    await deliver();
    expect(receiver.received.map((message) => message.id)).toEqual([id]);
  });

  it('A7: a secret is rotated with two live at once; after a day the old one signs no more', async () => {
    const { vault, receiver, record, deliver, secret, time } = await prepare();
    const rotated = (await runOperation(vault.deps, 'webhooks.rotate_secret', { name: 'ops' })) as {
      secret: string;
    };
    expect(rotated.secret).toMatch(/^whsec_/);
    expect(rotated.secret).not.toBe(secret);
    await record();
    await deliver();
    const [both] = receiver.received as [ReceivedMessage];
    expect([verify(secret, both), verify(rotated.secret, both)]).toEqual([both.body, both.body]);

    time.ms += 86_400_000;
    await record();
    await deliver();
    const signatures = String(receiver.received[1]?.headers['webhook-signature']).split(' ');
    const { id, text } = receiver.received[1] as ReceivedMessage;
    expect(signatures).toEqual([new Webhook(rotated.secret).sign(id, new Date(time.ms), text)]);
  });

  it('A7: a second rotation within the day takes no receiver the secret it has', async () => {
    const { vault, receiver, record, deliver, secret, time } = await prepare();
    const rotate = async () =>
      (await runOperation(vault.deps, 'webhooks.rotate_secret', { name: 'ops' })) as { secret: string };
    // As if the answer of the first had been lost: nobody knows its secret.
    await rotate();
    time.ms += 3_600_000;
    const second = await rotate();
    await record();
    await deliver();
    const readSignatures = (message: ReceivedMessage) =>
      String(message.headers['webhook-signature']).split(' ');
    const sign = (value: string, { id, text }: ReceivedMessage) =>
      new Webhook(value).sign(id, new Date(time.ms), text);
    const [message] = receiver.received as [ReceivedMessage];
    const signatures = readSignatures(message);
    expect(signatures).toHaveLength(3);
    expect(signatures).toEqual(expect.arrayContaining([sign(secret, message), sign(second.secret, message)]));

    time.ms += 82_800_000;
    await record();
    await deliver();
    const [, later] = receiver.received as [ReceivedMessage, ReceivedMessage];
    expect(readSignatures(later)).toHaveLength(2);
    expect(readSignatures(later)).not.toContain(sign(secret, later));
  });

  it('A7: given secrets sign too, the newer first, and their rotation is the file’s', async () => {
    const { vault, receiver, record, deliver } = await prepare();
    const [newer, older] = [2, 3].map((byte) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`) as [
      string,
      string,
    ];
    const webhook = { name: 'ops', url: receiver.url, events: ['grant.*'], secret: [newer, older] };
    const config = { version: 1, apps: [{ slug: 'demo', name: 'Demo', webhooks: [webhook] }] };
    const changed = await apply(vault, config);
    expect(changed.changes.find((change) => change.kind === 'webhook')?.fields).toContain('secret');
    const again = await apply(vault, config);
    expect(new Set(again.changes.map((change) => change.action))).toEqual(new Set(['unchanged']));
    await record();
    await deliver();
    const [message] = receiver.received as [ReceivedMessage];
    expect([verify(newer, message), verify(older, message)]).toEqual([message.body, message.body]);
    await expect(runOperation(vault.deps, 'webhooks.rotate_secret', { name: 'ops' })).rejects.toMatchObject({
      code: 'settings_conflict',
    });
  });

  it('K1: a webhook’s secret is in no table, record, list or exported file', async () => {
    const { vault, secret, record, deliver } = await prepare({ events: ['*'] });
    await record();
    await deliver();
    const rows = await vault.deps.storage.db.selectFrom('webhooks').selectAll().execute();
    const shown = [
      ...rows.map((row) => ({ ...row, sealed_secrets: Buffer.from(row.sealed_secrets).toString('latin1') })),
      await runOperation(vault.deps, 'webhooks.list', {}),
      await runOperation(vault.deps, 'settings.export', {}),
      await runOperation(vault.deps, 'audit.query', { filter: {}, limit: 100, cursor: null, order: 'asc' }),
    ];
    expect(secret).toMatch(/^whsec_/);
    expect(JSON.stringify(shown)).not.toContain(secret.slice('whsec_'.length, 30));
  });

  it('A7: a webhook that the file no longer names goes with --prune, with all that waits for it', async () => {
    const { vault, receiver, record, deliver } = await prepare();
    receiver.answer = 500;
    await record();
    await deliver();
    const without = { version: 1, apps: [{ slug: 'demo', name: 'Demo' }] };
    await apply(vault, without);
    expect(await vault.deps.storage.db.selectFrom('webhooks').selectAll().execute()).toHaveLength(1);
    await apply(vault, without, { isPruning: true });
    for (const table of ['webhooks', 'webhook_deliveries', 'audit_cursors', 'audit_consumers'] as const)
      expect(await vault.deps.storage.db.selectFrom(table).selectAll().execute()).toEqual([]);
  });
});

const other = { version: 1, apps: [{ slug: 'other', name: 'Other' }] };
