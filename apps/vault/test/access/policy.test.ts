import { afterEach, expect, it } from 'vitest';
import { connectAccount } from '../connect/connect-driver.js';
import { type ConnectStack, startConnectStack } from '../connect/stack.js';
import { describeBothDatabases } from '../harness.js';
import { callToken, listAuditRecords, readJson } from './token-call.js';

describeBothDatabases('policies on POST /sdk/token', (kind) => {
  let stack: ConnectStack;
  afterEach(() => stack?.close());

  const startWith = async (policies: unknown[], now = '2026-11-18T10:00:00Z') => {
    let nowMs = Date.parse(now);
    stack = await startConnectStack(kind, { app: { policies }, clock: () => nowMs });
    return {
      moveTo: (time: string) => {
        nowMs = Date.parse(time);
      },
    };
  };
  const officeHours = {
    kind: 'time_window',
    days: ['mon', 'tue', 'wed', 'thu', 'fri'],
    from: '09:00',
    to: '17:00',
    time_zone: 'Europe/Berlin',
  };

  it('P6: a time window denies with its kind, the rule, the local time and retry_at; the denial is on record', async () => {
    const clock = await startWith([
      { name: 'office hours', target: { provider: 'acme' }, rule: officeHours },
    ]);
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    expect((await callToken(stack, { grant_id: grantId })).status).toBe(200);
    clock.moveTo('2026-11-18T17:30:00Z');
    const before = stack.provider.log().length;
    const answer = await callToken(stack, { grant_id: grantId });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({
      error: 'time_window',
      rule_name: 'office hours',
      rule_id: expect.any(String),
      message: expect.any(String),
      observed: { time_zone: 'Europe/Berlin' },
      retry_at: '2026-11-19T08:00:00.000Z',
    });
    expect(stack.provider.log().length).toBe(before);
    expect((await listAuditRecords(stack, grantId)).at(-1)).toMatchObject({
      decision: 'deny',
      error_code: 'time_window',
      rule: { name: 'office hours' },
    });
  });

  it('P1: a denied call opens nothing and refreshes nothing, also when the token has expired', async () => {
    const clock = await startWith([{ name: 'office hours', target: 'app', rule: officeHours }]);
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    clock.moveTo('2026-11-18T20:00:00Z');
    const { storage } = stack.vault.deps;
    // Whoever opened it would fail.
    await storage.db
      .updateTable('credentials')
      .set({ sealed_tokens: Buffer.from('broken') })
      .execute();
    const before = stack.provider.log().length;
    const answer = await callToken(stack, { grant_id: grantId });
    expect(await readJson(answer)).toMatchObject({ error: 'time_window' });
    expect(stack.provider.log().length).toBe(before);
    expect(stack.vault.deps.keyring.countOpenFailures()).toBe(0);
  });

  it('P3, P4: layers compose with AND; an address rule shows the address', async () => {
    await startWith([
      { name: 'days', target: { provider: 'acme' }, rule: officeHours },
      { name: 'office net', target: 'app', rule: { kind: 'ip_allowlist', cidrs: ['203.0.113.0/24'] } },
    ]);
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const answer = await callToken(stack, { grant_id: grantId });
    expect(answer.status).toBe(403);
    const body = await readJson(answer);
    expect(body).toMatchObject({ error: 'ip_allowlist', rule_name: 'office net' });
    expect(body.observed).toHaveProperty('address');
    expect(body).not.toHaveProperty('retry_at');
  });
});
