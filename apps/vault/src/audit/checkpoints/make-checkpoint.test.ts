import { createMerkleTree, generateRootKey, importVerifyingKey, parseRootKey } from '@alter-ai/core-crypto';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { forEachDatabase } from '../../../test/databases.js';
import { openKeyring } from '../../keys/open-keyring.js';
import { scanCheckpoints } from '../../storage/log/checkpoints/checkpoint-rows.js';
import { listOverdue } from '../../storage/log/checkpoints/overdue-rows.js';
import { openAuditLog } from '../open-audit-log.js';
import { exportAudit } from '../query-audit.js';
import {
  type Checkpoint,
  hashNote,
  hasOwnContents,
  isSignedNote,
  noHash,
  readExported,
  readStored,
  writeExported,
} from './checkpoint.js';
import { listCheckpointJobs, overdueLooks, watchCheckpoints } from './checkpoint-jobs.js';
import { readCoveredHeads } from './known-heads.js';
import { makeCheckpoint } from './make-checkpoint.js';
import { openSigningKey } from './signing-key-store.js';

const rootKey = parseRootKey(generateRootKey());
const start = Date.UTC(2026, 10, 30, 23, 59, 50);

forEachDatabase('checkpoints', (createDatabase, kind) => {
  async function openVault() {
    let time = start;
    const clock = () => time;
    const database = await createDatabase();
    const storage = await database.open();
    const keyring = await openKeyring({ storage, rootKey, clock });
    const deps = { storage, keyring, clock };
    const openLog = () => openAuditLog(deps);
    const log = await openLog();
    const append = async (count: number, to = log) => {
      await Promise.all(
        Array.from({ length: count }, () => to.append({ kind: 'access.retrieve', appId: 'a' })),
      );
    };
    const readAll = async () => {
      const all: Checkpoint[] = [];
      for await (const row of scanCheckpoints(storage)) all.push(readStored(row));
      return all;
    };
    return { database, deps, append, openLog, readAll, pass: (ms: number) => (time += ms) };
  }

  it('A3: binds the heads of all chains, signed, each the successor of the one before; nothing new makes none', async () => {
    const { deps, append, openLog, readAll, pass } = await openVault();
    expect(await makeCheckpoint(deps)).toBeNull();
    await append(700);
    const first = await makeCheckpoint(deps);
    expect(await makeCheckpoint(deps)).toEqual(first);
    // Over the end of the month, and with a second process.
    pass(60_000);
    await append(30);
    const other = await openLog();
    await append(5, other);
    await makeCheckpoint(deps);
    pass(60_000);
    await append(1, other);
    await makeCheckpoint(deps);

    const all = await readAll();
    const key = importVerifyingKey((await openSigningKey(deps))?.publicJwk.x ?? '');
    expect(all.map((checkpoint) => isSignedNote(key, checkpoint.note, checkpoint.signature))).toEqual([
      true,
      true,
      true,
    ]);
    expect(all.map(hasOwnContents)).toEqual([true, true, true]);
    expect(all.map(({ note }) => note.previous_hash)).toEqual([
      noHash,
      ...all.slice(0, 2).map(({ note }) => hashNote(note)),
    ]);
    const ranges = all.map(({ contents }) => contents.chains.map(({ first, last }) => [first, last]));
    expect(ranges).toEqual([
      [[1, 700]],
      [
        [701, 730],
        [1, 5],
      ],
      [[6, 6]],
    ]);

    const hashes = new Map<string, string>();
    for await (const line of exportAudit(deps.storage)) {
      const record = JSON.parse(line);
      hashes.set(`${record.chain_id} ${record.sequence}`, record.hash);
    }
    for (const entry of all.flatMap(({ contents }) => contents.chains)) {
      const tree = createMerkleTree();
      for (let sequence = entry.first; sequence <= entry.last; sequence += 1) {
        tree.add(Buffer.from(hashes.get(`${entry.chain_id} ${sequence}`) ?? '', 'hex'));
      }
      expect(entry.root).toBe(tree.root().toString('hex'));
      expect(entry.hash).toBe(hashes.get(`${entry.chain_id} ${entry.last}`));
    }
    // The first of a day names all heads.
    expect(all.map(({ contents }) => contents.heads?.map(({ sequence }) => sequence))).toEqual([
      [700],
      [730, 5],
      undefined,
    ]);
    const complete = await makeCheckpoint(deps, { isComplete: true });
    expect(complete?.contents.heads?.map(({ sequence }) => sequence)).toEqual([730, 6]);
    expect(await makeCheckpoint(deps, { isComplete: true })).toEqual(complete);
    if (complete === null) throw new Error('no checkpoint');
    expect(readExported(writeExported(complete))).toEqual(complete);
  });

  it('A3: several processes at once make one checkpoint after the other, with one key', async () => {
    const { deps, append, readAll } = await openVault();
    await append(10);
    await Promise.all([1, 2, 3, 4].map(() => makeCheckpoint(deps)));
    const all = await readAll();
    expect(all.map(({ contents }) => contents.chains.map(({ last }) => last))).toEqual([[10]]);
  });

  it('A3: nothing is signed over records that do not lead to the sealed head', async () => {
    const { deps, append } = await openVault();
    await append(5);
    await makeCheckpoint(deps);
    await append(5);
    const triggers =
      kind === 'sqlite'
        ? 'drop trigger audit_2026_11_no_delete'
        : 'alter table audit_2026_11 disable trigger user';
    for (const text of [triggers, 'delete from audit_2026_11 where sequence = 8']) {
      await sql.raw(text).execute(deps.storage.db);
    }
    await expect(makeCheckpoint(deps)).rejects.toMatchObject({ code: 'checkpoints_damaged' });
  });

  it.each([
    ['the newest checkpoint removed', 'delete from audit_checkpoint_chains; delete from audit_checkpoints'],
    ['the head removed', `delete from meta where key = 'audit_checkpoint_head'`],
    ['the signing key removed', `delete from meta where key = 'audit_signing_key'`],
  ])('A3: does not go on after %s', async (_, statements) => {
    const { deps, append } = await openVault();
    await append(5);
    await makeCheckpoint(deps);
    await append(5);
    const tables = ['audit_checkpoints', 'audit_checkpoint_chains'];
    for (const table of tables) {
      // A5: the database itself refuses.
      await expect(sql.raw(`delete from ${table}`).execute(deps.storage.db)).rejects.toThrow();
      await expect(sql.raw(`update ${table} set number = 9`).execute(deps.storage.db)).rejects.toThrow();
      const text =
        kind === 'sqlite' ? `drop trigger ${table}_no_delete` : `alter table ${table} disable trigger user`;
      await sql.raw(text).execute(deps.storage.db);
    }
    for (const text of statements.split('; ')) await sql.raw(text).execute(deps.storage.db);
    await expect(makeCheckpoint(deps)).rejects.toMatchObject({ code: 'checkpoints_damaged' });
  });

  it('A3: records that stay without a checkpoint are overdue after two more looks, whatever the clock says', async () => {
    const { deps, append, pass } = await openVault();
    const list = async () => listOverdue(deps.storage, overdueLooks, await readCoveredHeads(deps));
    const look = async () => {
      await watchCheckpoints(deps);
      return (await list()).length;
    };
    await append(3);
    pass(3_600_000);
    expect([await look(), await look()]).toEqual([0, 0]);
    await makeCheckpoint(deps);
    await append(3);
    expect([await look(), await look(), await look()]).toEqual([0, 0, 1]);
    await append(1);
    await makeCheckpoint(deps);
    expect(await list()).toEqual([]);
    expect(listCheckpointJobs(deps).map((job) => job.name)).toEqual([
      'audit.checkpoint',
      'audit.watch_checkpoints',
    ]);
  });
});
