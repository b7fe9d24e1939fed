import { generateRootKey, parseRootKey } from '@alter-ai/core-crypto';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { forEachDatabase } from '../../test/databases.js';
import { openKeyring } from '../keys/open-keyring.js';
import { auditRegisterKey, listAuditChains } from '../storage/log/audit-chains.js';
import type { AuditLog } from './audit-log.js';
import { makeCheckpoint } from './checkpoints/make-checkpoint.js';
import { openAuditLog } from './open-audit-log.js';
import { verifyAudit } from './verify-audit.js';

const rootKey = parseRootKey(generateRootKey());
const clock = () => Date.UTC(2026, 10, 21);

forEachDatabase('what somebody puts back or adds without a key', (createDatabase, kind) => {
  async function openVault() {
    const storage = await (await createDatabase()).open();
    const keyring = await openKeyring({ storage, rootKey, clock });
    const deps = { storage, keyring, clock };
    const openLog = () => openAuditLog(deps);
    const append = async (log: AuditLog, count: number) => {
      for (let index = 0; index < count; index += 1)
        await log.append({ kind: 'access.retrieve', appId: 'a' });
    };
    const run = async (...statements: string[]) => {
      for (const text of statements) await sql.raw(text).execute(storage.db);
    };
    const dropTriggers = () =>
      kind === 'sqlite'
        ? run(...['no_update', 'no_delete'].map((name) => `drop trigger audit_2026_11_${name}`))
        : run('alter table audit_2026_11 disable trigger user');
    return { deps, storage, openLog, append, run, dropTriggers };
  }

  it('A3: a chain that was removed with all its records, the register from before put back, is noticed', async () => {
    const { deps, storage, openLog, append, run, dropTriggers } = await openVault();
    await append(await openLog(), 3);
    await makeCheckpoint(deps);
    const register = await storage.db
      .selectFrom('meta')
      .selectAll()
      .where('key', '=', auditRegisterKey)
      .executeTakeFirstOrThrow();
    await append(await openLog(), 3);
    const checkpoint = (await makeCheckpoint(deps, { isComplete: true })) ?? undefined;
    expect((await verifyAudit(deps, { checkpoint })).faults).toEqual([]);
    const [, chain] = await listAuditChains(storage);
    if (chain === undefined) throw new Error('no second chain');

    await dropTriggers();
    await run(
      `delete from audit_2026_11 where chain_id = '${chain.id}'`,
      `delete from audit_chains where id = '${chain.id}'`,
    );
    await storage.db.updateTable('meta').set(register).where('key', '=', auditRegisterKey).execute();
    const fault = { reason: 'chain_missing', chainId: chain.id, checkpoint: 2 };
    expect((await verifyAudit(deps)).faults).toEqual([expect.objectContaining(fault)]);

    // And where the checkpoint that names the chain went with it, by the one that was kept elsewhere.
    await run(
      ...(kind === 'sqlite'
        ? ['drop trigger audit_checkpoints_no_delete']
        : ['alter table audit_checkpoints disable trigger user']),
      'delete from audit_checkpoints where number = 2',
    );
    expect((await verifyAudit(deps, { checkpoint })).faults).toContainEqual(expect.objectContaining(fault));
  });
});
