import { generateRootKey, generateSigningKey, importVerifyingKey, parseRootKey } from '@alter-ai/core-crypto';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { forEachDatabase } from '../../test/databases.js';
import { openKeyring } from '../keys/open-keyring.js';
import type { Storage } from '../storage/database/storage.js';
import { findNewestCheckpoint } from '../storage/log/checkpoints/checkpoint-rows.js';
import { readStored, signCheckpoint } from './checkpoints/checkpoint.js';
import { watchCheckpoints } from './checkpoints/checkpoint-jobs.js';
import { makeCheckpoint } from './checkpoints/make-checkpoint.js';
import { openAuditLog } from './open-audit-log.js';
import { verifyAudit } from './verify-audit.js';

const rootKey = parseRootKey(generateRootKey());
const clock = () => Date.UTC(2026, 10, 21);

forEachDatabase('verification of checkpoints', (createDatabase, kind) => {
  /** A log with three checkpoints, whose triggers somebody with every right on the database has taken away. */
  async function openTampered() {
    const storage = await (await createDatabase()).open();
    const keyring = await openKeyring({ storage, rootKey, clock });
    const deps = { storage, keyring, clock };
    const log = await openAuditLog(deps);
    const append = async (count: number) => {
      for (let index = 0; index < count; index += 1)
        await log.append({ kind: 'access.retrieve', appId: 'a' });
    };
    for (const count of [4, 3, 3]) {
      await append(count);
      await makeCheckpoint(deps);
    }
    for (const table of ['audit_2026_11', 'audit_checkpoints', 'audit_checkpoint_chains']) {
      const statements =
        kind === 'sqlite'
          ? ['no_update', 'no_delete'].map((name) => `drop trigger ${table}_${name}`)
          : [`alter table ${table} disable trigger user`];
      for (const text of statements) await sql.raw(text).execute(storage.db);
    }
    const faults = async () =>
      (await verifyAudit(deps)).faults.map(({ reason, checkpoint }) => [reason, checkpoint]);
    return { deps, storage, append, faults };
  }
  const run = async (storage: Storage, statements: string) => {
    for (const text of statements.split('; ')) await sql.raw(text).execute(storage.db);
  };

  it('A3: an untouched log is intact, and says what its checkpoints cover', async () => {
    const { deps, append } = await openTampered();
    await append(2);
    expect(await verifyAudit(deps)).toMatchObject({
      isIntact: true,
      records: 12,
      checkpoints: 3,
      newestCheckpoint: { number: 3, at: '2026-11-21T00:00:00.000Z' },
      uncovered: 2,
      faults: [],
    });
  });

  const stranger = generateSigningKey();
  it.each([
    ['one removed', 'delete from audit_checkpoints where number = 2', ['checkpoint_missing', 2]],
    ['the first removed', 'delete from audit_checkpoints where number = 1', ['checkpoint_missing', 1]],
    ['the newest removed', 'delete from audit_checkpoints where number = 3', ['checkpoint_missing', 3]],
    ['all removed', 'delete from audit_checkpoints', ['checkpoint_missing', 1]],
    [
      'the contents changed',
      `update audit_checkpoints set contents = replace(contents, '"last":7', '"last":6') where number = 2`,
      ['checkpoint_changed', 2],
    ],
    [
      'the note changed',
      `update audit_checkpoints set note = replace(note, '2026-11-21', '2026-11-20'), at = at - 86400000 where number = 2`,
      ['checkpoint_forged', 2],
    ],
    ['no note at all', `update audit_checkpoints set note = 'x' where number = 2`, ['checkpoint_changed', 2]],
    [
      'the signature of another one',
      'update audit_checkpoints set signature = (select signature from audit_checkpoints where number = 1) where number = 2',
      ['checkpoint_forged', 2],
    ],
    [
      'the sealed head removed',
      `delete from meta where key = 'audit_checkpoint_head'`,
      ['checkpoint_head_missing', null],
    ],
    [
      'the sealed head of something else',
      `update meta set value = (select m.value from meta m where m.key = 'audit_signing_key') where key = 'audit_checkpoint_head'`,
      ['checkpoint_head_unreadable', null],
    ],
    [
      'everything about checkpoints removed',
      `delete from audit_checkpoints; delete from audit_checkpoint_chains; delete from meta where key in ('audit_signing_key', 'audit_checkpoint_head')`,
      ['signing_key_missing', null],
    ],
  ])('A3: noticed: checkpoints with %s', async (_, statements, expected) => {
    const { storage, faults } = await openTampered();
    await run(storage, statements);
    expect((await faults())[0]).toEqual(expected);
  });

  it('A3: a checkpoint forged with another key is noticed, in place of a true one and behind the newest', async () => {
    const { storage, faults } = await openTampered();
    const newest = await findNewestCheckpoint(storage);
    if (newest === undefined) throw new Error('no checkpoint');
    const { note, contents } = readStored(newest);
    const forge = (number: number, previousHash: string) =>
      signCheckpoint(stranger, { number, at: clock(), previousHash, contents });
    await storage.db
      .updateTable('audit_checkpoints')
      .set(forge(3, note.previous_hash))
      .where('number', '=', 3)
      .execute();
    expect(await faults()).toContainEqual(['checkpoint_forged', 3]);
    await storage.db.updateTable('audit_checkpoints').set(newest).where('number', '=', 3).execute();
    expect(await faults()).toEqual([]);
    await storage.db
      .insertInto('audit_checkpoints')
      .values(forge(4, '0'.repeat(64)))
      .execute();
    expect(await faults()).toEqual([['checkpoint_extra', 4]]);
  });

  it('A3: one chain put back to an earlier state, its sealed head with it, is noticed by the checkpoint', async () => {
    const { deps, storage, append } = await openTampered();
    const before = await storage.db.selectFrom('audit_chains').selectAll().executeTakeFirstOrThrow();
    await append(5);
    await makeCheckpoint(deps);
    await storage.db.updateTable('audit_chains').set(before).execute();
    await run(storage, 'delete from audit_2026_11 where sequence > 10');
    const { faults } = await verifyAudit(deps);
    expect(faults).toEqual([expect.objectContaining({ reason: 'truncated', sequence: 11, checkpoint: 4 })]);
    expect(faults[0]?.description).toMatch(/^record 11 of chain .*, checkpoint 4: is missing/);
  });

  it('A3: a rollback of the whole database is noticed with a checkpoint that was kept elsewhere', async () => {
    const { deps, storage, append } = await openTampered();
    const tables = ['meta', 'audit_chains', 'audit_checkpoints', 'audit_checkpoint_chains', 'audit_2026_11'];
    await run(storage, tables.map((name) => `create table kept_${name} as select * from ${name}`).join('; '));
    await append(5);
    const checkpoint = (await makeCheckpoint(deps, { isComplete: true })) ?? undefined;
    expect((await verifyAudit(deps, { checkpoint })).isIntact).toBe(true);
    await run(
      storage,
      tables.map((name) => `delete from ${name}; insert into ${name} select * from kept_${name}`).join('; '),
    );
    // By itself the earlier state is whole.
    expect((await verifyAudit(deps)).isIntact).toBe(true);
    const reasonsOf = async (kept: Parameters<typeof verifyAudit>[1]) =>
      (await verifyAudit(deps, kept)).faults.map(({ reason, checkpoint: number }) => [reason, number]);
    expect(await reasonsOf({ checkpoint })).toEqual([['rolled_back', 4]]);
    // And when another process has gone on since.
    const log = await openAuditLog(deps);
    await log.append({ kind: 'server.started', appId: null });
    await makeCheckpoint(deps);
    expect(await reasonsOf({ checkpoint })).toEqual([['history_rewritten', 4]]);

    const publicKey = importVerifyingKey(stranger.publicJwk.x);
    expect(await reasonsOf({ publicKey })).toEqual([['signing_key_other', null]]);
    if (checkpoint === undefined) throw new Error('no checkpoint');
    const changed = { ...checkpoint, note: { ...checkpoint.note, number: 2 } };
    expect(await reasonsOf({ checkpoint: changed })).toEqual([['checkpoint_foreign', 2]]);
  });

  it('A3: records that stay without a checkpoint while servers run are a fault', async () => {
    const { deps, append, faults } = await openTampered();
    await append(1);
    for (let look = 0; look < 3; look += 1) await watchCheckpoints(deps);
    expect(await faults()).toEqual([['checkpoint_overdue', null]]);
    await makeCheckpoint(deps);
    expect(await faults()).toEqual([]);
  });
});
