import { auditReceiptSchema } from '@alter-ai/core-contract';
import { importVerifyingKey } from '@alter-ai/core-crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeCheckpoint } from '../../src/audit/checkpoints/make-checkpoint.js';
import { verifyReceipt } from '../../src/audit/receipts/verify-receipt.js';
import { describeBothDatabases, startTestVault, type TestVault } from '../harness.js';

describeBothDatabases('receipts over HTTP', (kind) => {
  let vault: TestVault;
  const config = {
    version: 1,
    apps: [
      { slug: 'first', name: 'First', api_keys: [{ name: 'all' }, { name: 'less', scopes: ['audit:emit'] }] },
      { slug: 'second', name: 'Second', api_keys: [{ name: 'all' }] },
    ],
  };
  beforeAll(async () => {
    vault = await startTestVault({ kind, config });
  });
  afterAll(() => vault.close());

  /** A call that is refused is on record as well. */
  const call = async () => {
    const grant_id = '0199a2f4-7c11-7000-8000-000000000009';
    const request = { method: 'GET', url: 'https://api.example.com/' };
    const answer = await vault.signedFetch('POST', '/sdk/token', { grant_id, request });
    return answer.headers.get('x-alter-audit-record-id') ?? '';
  };
  const ask = (id: string, key = 'first/all') =>
    vault.signedFetch('GET', `/sdk/audit/receipts/${id}`, undefined, { app: key });

  it('A3: the answer to a call names its record, whose receipt is pending until the next checkpoint', async () => {
    expect(await (await vault.app.request('/audit/keys')).json()).toEqual({ keys: [] });
    const id = await call();
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    const pending = await ask(id);
    const wait = Number(pending.headers.get('retry-after'));
    expect([pending.status, wait > 0 && wait <= 65]).toEqual([409, true]);
    expect(await pending.json()).toMatchObject({ error: 'receipt_pending', retryable: true, record_id: id });

    await makeCheckpoint(vault.deps);
    const answer = await ask(id);
    expect(answer.status).toBe(200);
    const receipt = auditReceiptSchema.parse(await answer.json());
    expect(receipt.record).toMatchObject({ id, kind: 'access.retrieve', error_code: 'grant_not_found' });
    const keys = await vault.app.request('/audit/keys');
    expect(verifyReceipt(receipt, importVerifyingKey(await keys.text()))).toBeNull();

    const later = await call();
    const next = Number((await ask(later)).headers.get('retry-after'));
    expect(next).toBeGreaterThan(50);
  });

  it("T2: another app's record is not found, and a key needs grants:read", async () => {
    const id = await call();
    await makeCheckpoint(vault.deps);
    for (const [recordId, key] of [
      [id, 'second/all'],
      ['nonsense', 'first/all'],
      [id.replace(/.{4}$/, 'ffff'), 'first/all'],
    ] as const) {
      const answer = await ask(recordId, key);
      expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([
        404,
        'audit_record_not_found',
      ]);
    }
    expect((await ask(id, 'first/less')).status).toBe(403);
  });
});
