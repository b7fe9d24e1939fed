import { generateRootKey, generateSigningKey, importVerifyingKey, parseRootKey } from '@alter-ai/core-crypto';
import { expect, it } from 'vitest';
import { forEachDatabase } from '../../../test/databases.js';
import { openKeyring } from '../../keys/open-keyring.js';
import { makeCheckpoint } from '../checkpoints/make-checkpoint.js';
import { openSigningKey } from '../checkpoints/signing-key-store.js';
import { openAuditLog } from '../open-audit-log.js';
import { buildReceipt } from './build-receipt.js';
import { readReceipt, verifyReceipt } from './verify-receipt.js';

const rootKey = parseRootKey(generateRootKey());
const clock = () => Date.UTC(2026, 10, 21);

forEachDatabase('receipts', (createDatabase) => {
  async function openVault() {
    const storage = await (await createDatabase()).open();
    const keyring = await openKeyring({ storage, rootKey, clock });
    const deps = { storage, keyring, clock };
    const openLog = () => openAuditLog(deps);
    return { deps, log: await openLog(), openLog };
  }

  it('A3: a record has its receipt once a checkpoint covers it, and the public key alone verifies it', async () => {
    const { deps, log, openLog } = await openVault();
    const ids: string[] = [];
    for (const each of [log, await openLog(), await openLog()]) {
      for (let index = 0; index < 13; index += 1) {
        const context = { 'ä"': '1', z: '{' };
        ids.push(
          (await each.append({ kind: 'access.retrieve', appId: 'a', reason: 'weil', context })).recordId,
        );
      }
    }
    await expect(buildReceipt(deps, { recordId: ids[0] ?? '' })).rejects.toMatchObject({
      code: 'receipt_pending',
    });
    await makeCheckpoint(deps);
    const key = importVerifyingKey((await openSigningKey(deps))?.publicJwk.x ?? '');
    for (const recordId of ids) {
      const receipt = await buildReceipt(deps, { recordId, appId: 'a' });
      expect([receipt.record.id, receipt.record_proof.path.length <= 4, receipt.chain_proof.size]).toEqual([
        recordId,
        true,
        3,
      ]);
      expect(verifyReceipt(readReceipt(JSON.stringify(receipt)) ?? receipt, key)).toBeNull();
    }
  });

  it('A3 T2: there is none for what is not there, or is of another app', async () => {
    const { deps, log } = await openVault();
    const { recordId } = await log.append({ kind: 'access.retrieve', appId: 'a' });
    await makeCheckpoint(deps);
    for (const wanted of [
      { recordId, appId: 'b' },
      { recordId: recordId.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')) },
      { recordId: "'; drop table meta" },
    ]) {
      await expect(buildReceipt(deps, wanted)).rejects.toMatchObject({ code: 'audit_record_not_found' });
    }
  });

  it('A3: a receipt in which anything was changed proves nothing, and says what does not hold', async () => {
    const { deps, log } = await openVault();
    const ids: string[] = [];
    for (let index = 0; index < 9; index += 1) {
      ids.push((await log.append({ kind: 'access.retrieve', appId: 'a', status: 200 })).recordId);
    }
    await makeCheckpoint(deps);
    const key = importVerifyingKey((await openSigningKey(deps))?.publicJwk.x ?? '');
    const receipt = await buildReceipt(deps, { recordId: ids[4] ?? '' });
    const { record, record_proof: proof, chain, note } = receipt;
    const zeros = '0'.repeat(64);
    const check = (changed: Partial<typeof receipt>) => verifyReceipt({ ...receipt, ...changed }, key);
    expect(check({})).toBeNull();
    expect(check({ record: { ...record, status: 500 } })).toBe('record');
    expect(check({ previous_hash: zeros })).toBe('record');
    expect(check({ record_proof: { ...proof, path: proof.path.with(0, zeros) } })).toBe('record');
    expect(check({ record_proof: { ...proof, path: [] } })).toBe('record');
    expect(check({ record_proof: { ...proof, index: 5 } })).toBe('place');
    expect(check({ record: { ...record, sequence: 6 } })).toBe('place');
    expect(check({ record: { ...record, chain_id: 'other' } })).toBe('place');
    expect(check({ chain: { ...chain, root: zeros } })).toBe('chain');
    expect(check({ chain_proof: { ...receipt.chain_proof, size: 2 } })).toBe('chain');
    expect(check({ note: { ...note, number: 7 } })).toBe('signature');
    expect(check({ signature: 'A'.repeat(86) })).toBe('signature');
    const stranger = importVerifyingKey(generateSigningKey().publicJwk.x);
    expect(verifyReceipt(receipt, stranger)).toBe('signature');
    for (const text of [
      '',
      '{}',
      JSON.stringify({ ...receipt, more: 1 }),
      JSON.stringify({ ...receipt, note: {} }),
    ]) {
      expect(readReceipt(text)).toBeNull();
    }
  });
});
