import { generateRootKey, parseRootKey } from '@alter-ai/core-crypto';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { forEachDatabase } from '../../test/databases.js';
import { openKeyring } from '../keys/open-keyring.js';
import { auditRegisterKey, listAuditChains } from '../storage/log/audit-chains.js';
import type { AuditLog } from './audit-log.js';
import { watchCheckpoints } from './checkpoints/checkpoint-jobs.js';
import { readCoveredHeads } from './checkpoints/known-heads.js';
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

  it('A3: a row that says that a checkpoint covers more than it does is noticed, and records get theirs, or are overdue', async () => {
    const { deps, storage, openLog, append, run } = await openVault();
    const log = await openLog();
    await append(log, 3);
    await makeCheckpoint(deps);
    const [chain] = await listAuditChains(storage);
    const row = (sequence: number, number: number) =>
      `insert into audit_checkpoint_chains (chain_id, last_sequence, number) values ('${chain?.id}', ${sequence}, ${number})`;
    await run(row(1_000_000_000, 1));
    await append(log, 2);
    for (let look = 0; look < 3; look += 1) await watchCheckpoints(deps);
    const faults = async () =>
      (await verifyAudit(deps)).faults.map(({ reason, chainId }) => [reason, chainId]);
    const told = ['checkpoint_index_changed', chain?.id];
    expect(await faults()).toEqual([told, ['checkpoint_overdue', chain?.id]]);
    // Also one in the place of the row that the next checkpoint brings.
    await run(row(5, 1));
    const made = await makeCheckpoint(deps);
    expect(made?.contents.chains.map(({ first, last }) => [first, last])).toEqual([[4, 5]]);
    expect(await faults()).toEqual([told]);
    // One that says that somebody has looked too seldom for ever.
    await append(log, 1);
    await run(
      'delete from audit_overdue',
      `insert into audit_overdue (chain_id, sequence, looks) values ('${chain?.id}', 6, -1000000)`,
    );
    for (let look = 0; look < 3; look += 1) await watchCheckpoints(deps);
    expect(await faults()).toEqual([told, ['checkpoint_overdue', chain?.id]]);
  });

  it('A3: an index of checkpoints that lacks a row, or has one of a checkpoint that is not there, is noticed', async () => {
    const { deps, storage, openLog, append, run } = await openVault();
    await append(await openLog(), 3);
    await makeCheckpoint(deps);
    expect((await verifyAudit(deps)).faults).toEqual([]);
    const [chain] = await listAuditChains(storage);
    const fault = { reason: 'checkpoint_index_changed', chainId: chain?.id };
    await run(
      `insert into audit_checkpoint_chains (chain_id, last_sequence, number) values ('${chain?.id}', 7, 99)`,
    );
    expect((await verifyAudit(deps)).faults).toEqual([expect.objectContaining(fault)]);
    await run(
      ...(kind === 'sqlite'
        ? ['drop trigger audit_checkpoint_chains_no_delete']
        : ['alter table audit_checkpoint_chains disable trigger user']),
      'delete from audit_checkpoint_chains where number = 99',
    );
    expect((await verifyAudit(deps)).faults).toEqual([]);
    await run('delete from audit_checkpoint_chains');
    expect((await verifyAudit(deps)).faults).toEqual([expect.objectContaining(fault)]);
  });

  it('A3: what checkpoints cover is read link by link to the one that names all heads, also by a process that begins', async () => {
    const { deps, storage, openLog, append } = await openVault();
    const logs = [await openLog(), await openLog()];
    for (let index = 0; index < 60; index += 1) {
      const log = logs[index === 20 ? 1 : 0];
      if (log !== undefined) await append(log, 1);
      await makeCheckpoint(deps);
    }
    const sequences = async (source: typeof storage) =>
      [...(await readCoveredHeads({ ...deps, storage: source })).values()]
        .map(({ sequence }) => sequence)
        .sort();
    expect(await sequences(storage)).toEqual([1, 59]);
    expect(await sequences({ ...storage })).toEqual([1, 59]);
  });
});
