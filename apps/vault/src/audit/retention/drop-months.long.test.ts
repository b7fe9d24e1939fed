import {
  chainHashHex,
  generateRootKey,
  genesisHash,
  importVerifyingKey,
  parseRootKey,
} from '@alter-ai/core-crypto';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { forEachDatabase } from '../../../test/databases.js';
import { openKeyring } from '../../keys/open-keyring.js';
import { createAuditMonth, findNextAuditMonth, listAuditMonths } from '../../storage/log/audit-tables.js';
import { scanCheckpoints } from '../../storage/log/checkpoints/checkpoint-rows.js';
import { listRetired } from '../../storage/log/retention/retired-tables.js';
import { indexNewRecords } from '../../storage/log/search/index-records.js';
import { readStored, writeExported } from '../checkpoints/checkpoint.js';
import { makeCheckpoint } from '../checkpoints/make-checkpoint.js';
import { openSigningKey } from '../checkpoints/signing-key-store.js';
import { openAuditLog } from '../open-audit-log.js';
import { exportAudit } from '../query-audit.js';
import { buildReceipt } from '../receipts/build-receipt.js';
import { verifyReceipt } from '../receipts/verify-receipt.js';
import { readKeptCheckpoints } from '../verify/export/read-checkpoints.js';
import { verifyAudit } from '../verify-audit.js';
import { verifyExport } from '../verify-export.js';
import { writeAuditSettings } from './audit-settings.js';
import { dropOldMonths } from './drop-months.js';

const rootKey = parseRootKey(generateRootKey());

forEachDatabase('retention', (createDatabase, kind) => {
  /** A log from October to January: one process writes through all of it, another one in October only. */
  async function openVault(options: { isCheckpointed: boolean } = { isCheckpointed: true }) {
    let time = Date.UTC(2026, 9, 30);
    const clock = () => time;
    const storage = await (await createDatabase()).open();
    const keyring = await openKeyring({ storage, rootKey, clock });
    const log = await openAuditLog({ storage, keyring, clock });
    const deps = { storage, keyring, clock, audit: log };
    const ids: string[] = [];
    const append = async (count: number, to = log) => {
      for (let index = 0; index < count; index += 1) {
        ids.push((await to.append({ kind: 'access.retrieve', appId: 'a' })).recordId);
      }
    };
    await append(3, await openAuditLog(deps));
    for (const month of [9, 10, 11, 12]) {
      time = Date.UTC(2026, month, 30);
      await append(3);
      if (options.isCheckpointed && month === 9) await makeCheckpoint(deps);
      await append(2);
      if (options.isCheckpointed && month !== 10) await makeCheckpoint(deps);
    }
    const keep = (months: number | null) =>
      storage.transaction((trx) => writeAuditSettings(keyring, { retentionMonths: months })(trx));
    return { deps, ids, keep, append };
  }
  const allMonths = ['2026_10', '2026_11', '2026_12', '2027_01'];

  it('A5: nothing is dropped where no retention is set, nor before the months are over', async () => {
    const { deps, keep } = await openVault();
    expect(await dropOldMonths(deps)).toEqual([]);
    await keep(3);
    expect(await dropOldMonths(deps)).toEqual([]);
    await keep(1);
    await keep(null);
    expect(await dropOldMonths(deps)).toEqual([]);
    expect(await listAuditMonths(deps.storage)).toEqual(expect.arrayContaining(allMonths));
  });

  it('A5 A7: whole months go with a signed checkpoint, and what stays is verified from there, also as an export', async () => {
    const { deps, ids, keep, append } = await openVault();
    const { storage } = deps;
    await keep(1);
    while ((await indexNewRecords(storage, { idleBeforeMs: deps.clock(), segmentsMax: 9 })) > 0);
    expect(await dropOldMonths(deps)).toEqual(['2026_10', '2026_11']);
    const indexed = await storage.db.selectFrom('audit_segments').select('month').distinct().execute();
    expect(indexed.map(({ month }) => month).sort()).toEqual(['2026_12']);
    expect(await listAuditMonths(storage)).toEqual(['2026_12', '2027_01']);
    expect(await listRetired(storage)).toEqual([]);
    expect(await dropOldMonths(deps)).toEqual([]);
    await append(1);
    const kept = await makeCheckpoint(deps, { isComplete: true });
    expect(await verifyAudit(deps)).toMatchObject({
      isIntact: true,
      chains: 2,
      // Of the two months that stay, the two drops, and the one after.
      records: 13,
      retiredUntil: '2026_11',
      uncovered: 0,
    });
    const lines: string[] = [];
    for await (const line of exportAudit(storage)) lines.push(line);
    expect(
      lines.map((line) => JSON.parse(line)).filter((record) => record.kind === 'audit.month_retired'),
    ).toMatchObject([
      { details: { month: '2026-10', records: 8, chains: 2 } },
      { details: { month: '2026-11', records: 5, chains: 1 } },
    ]);

    const key = importVerifyingKey((await openSigningKey(deps))?.publicJwk.x ?? '');
    const all: string[] = [];
    for await (const row of scanCheckpoints(storage)) {
      all.push(writeExported(readStored(row)));
    }
    const verify = async (records: readonly string[], checkpoints: readonly string[]) =>
      verifyExport(
        [Buffer.from(records.join('\n'))],
        await readKeptCheckpoints([Buffer.from(checkpoints.join('\n'))], key),
      );
    expect(await verify(lines, all)).toMatchObject({ isIntact: true, records: 13, retiredUntil: '2026_11' });
    expect((await verify(lines.slice(1), all)).faults).toMatchObject([
      { reason: 'beginning_missing', sequence: 11 },
    ]);
    expect(kept?.contents.heads?.length).toBe(2);

    // The first record that stays builds on one that is gone.
    const receipt = await buildReceipt(deps, { recordId: ids[13] ?? '' });
    expect(verifyReceipt(receipt, key)).toBeNull();
    await expect(buildReceipt(deps, { recordId: ids[12] ?? '' })).rejects.toMatchObject({
      code: 'audit_record_not_found',
    });
  });

  it('A5: records that no checkpoint covered get theirs before they go', async () => {
    const { deps, keep } = await openVault({ isCheckpointed: false });
    await keep(1);
    expect(await dropOldMonths(deps)).toEqual(['2026_10', '2026_11']);
    expect((await verifyAudit(deps)).isIntact).toBe(true);
  });

  it('A3 A5: a month that was tampered with is not dropped', async () => {
    const { deps, keep } = await openVault();
    await keep(1);
    const trigger =
      kind === 'sqlite'
        ? 'drop trigger audit_2026_10_no_update'
        : 'alter table audit_2026_10 disable trigger user';
    const change = `update audit_2026_10 set record = replace(record, '"a"', '"b"') where sequence = 2`;
    for (const text of [trigger, change]) await sql.raw(text).execute(deps.storage.db);
    await expect(dropOldMonths(deps)).rejects.toMatchObject({
      code: 'audit_month_not_dropped',
      message: expect.stringMatching(/2026-10 are kept: record 2 of chain .* was changed/),
    });
    expect(await listAuditMonths(deps.storage)).toContain('2026_10');
  });

  it.each([
    ['of a chain that goes on', 'desc'],
    ['of a chain that ends in it', 'asc'],
  ])('A3 A5: a month that was written anew, its hashes with it, is not dropped: %s', async (_, order) => {
    const { deps, keep } = await openVault();
    const { db } = deps.storage;
    await keep(1);
    const chain = await sql<{ chain_id: string }>`select chain_id from audit_2026_10 group by chain_id
      order by count(*) ${sql.raw(order)}`.execute(db);
    const chainId = chain.rows[0]?.chain_id ?? '';
    const { rows } = await sql<{
      sequence: number;
      record: string;
    }>`select sequence, record from audit_2026_10
      where chain_id = ${chainId} order by sequence`.execute(db);
    const trigger =
      kind === 'sqlite'
        ? 'drop trigger audit_2026_10_no_update'
        : 'alter table audit_2026_10 disable trigger user';
    await sql.raw(trigger).execute(db);
    let hash = genesisHash(chainId).toString('hex');
    for (const { sequence, record } of rows) {
      const changed = record.replace('"a"', '"b"');
      hash = chainHashHex(hash, changed);
      await sql`update audit_2026_10 set record = ${changed}, hash = ${Buffer.from(hash, 'hex')}
        where chain_id = ${chainId} and sequence = ${sequence}`.execute(db);
    }
    await expect(dropOldMonths(deps)).rejects.toMatchObject({
      code: 'audit_month_not_dropped',
      message: expect.stringContaining(
        `the records of chain ${chainId} up to ${rows.length} are not what was signed`,
      ),
    });
    expect(await listAuditMonths(deps.storage)).toContain('2026_10');
  });

  it.each([
    ['from a record at which a signed part ends', 3, 4],
    ['all of them', 0, 1],
  ])('A3 A5: a month whose records of a chain were removed is not dropped: %s', async (_, kept, missing) => {
    const { deps, keep } = await openVault();
    const { db } = deps.storage;
    await keep(1);
    const last = await sql<{ chain_id: string }>`select chain_id from audit_2027_01 limit 1`.execute(db);
    const chainId = last.rows[0]?.chain_id ?? '';
    // In October the chain has two parts: records 1 to 3, and 4 to 5.
    const trigger =
      kind === 'sqlite'
        ? 'drop trigger audit_2026_10_no_delete'
        : 'alter table audit_2026_10 disable trigger user';
    await sql.raw(trigger).execute(db);
    await sql`delete from audit_2026_10 where chain_id = ${chainId} and sequence > ${kept}`.execute(db);
    await expect(dropOldMonths(deps)).rejects.toMatchObject({
      message: expect.stringContaining(`record ${missing} of chain ${chainId} is missing`),
    });
    expect(await listAuditMonths(deps.storage)).toContain('2026_10');
  });

  it.runIf(kind === 'sqlite')(
    'F1: what was taken out of the log and not yet deleted is deleted by the next run',
    async () => {
      const { deps, keep } = await openVault();
      await keep(1);
      const stopped = new AbortController();
      stopped.abort();
      await createAuditMonth(deps.storage, findNextAuditMonth('2027_01'));
      await sql.raw('alter table audit_2027_02 rename to retired_2027_02').execute(deps.storage.db);
      await dropOldMonths(deps, stopped.signal);
      expect(await listRetired(deps.storage)).toEqual(['2027_02']);
      await dropOldMonths(deps);
      expect(await listRetired(deps.storage)).toEqual([]);
    },
  );
});
