import { generateRootKey, importVerifyingKey, parseRootKey } from '@alter-ai/core-crypto';
import { expect, it } from 'vitest';
import { forEachDatabase } from '../../test/databases.js';
import { openKeyring } from '../keys/open-keyring.js';
import { writeExported } from './checkpoints/checkpoint.js';
import { makeCheckpoint } from './checkpoints/make-checkpoint.js';
import { openSigningKey } from './checkpoints/signing-key-store.js';
import { openAuditLog } from './open-audit-log.js';
import { exportAudit } from './query-audit.js';
import { readKeptCheckpoints } from './verify/export/read-checkpoints.js';
import { verifyExport } from './verify-export.js';

const rootKey = parseRootKey(generateRootKey());

forEachDatabase('verification of exports', (createDatabase) => {
  async function openVault() {
    let time = Date.UTC(2026, 10, 21);
    const clock = () => time;
    const storage = await (await createDatabase()).open();
    const keyring = await openKeyring({ storage, rootKey, clock });
    const deps = { storage, keyring, clock };
    const openLog = async () => {
      const log = await openAuditLog(deps);
      return async (count: number, stepMs = 0) => {
        for (let index = 0; index < count; index += 1) {
          time += stepMs;
          await log.append({
            kind: 'access.retrieve',
            appId: 'app',
            grantId: `grant-${index}`,
            // Names of members inside of a record's objects are no members of the record.
            context: { sequence: '99', chain_id: 'no', quoted: '"chain_id":"x"' },
            reason: index % 3 === 0 ? 'weil „ä" {ist} \\' : null,
          });
        }
      };
    };
    const readExport = async () => {
      const lines: string[] = [];
      for await (const line of exportAudit(storage)) lines.push(line);
      return lines;
    };
    return { deps, openLog, readExport };
  }
  const asFile = (lines: readonly string[], bytes = 300) => {
    const all = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    return Array.from({ length: Math.ceil(all.length / bytes) }, (_, index) =>
      Buffer.from(all.subarray(index * bytes, (index + 1) * bytes)),
    );
  };
  const faultsOf = async (lines: readonly string[]) =>
    (await verifyExport(asFile(lines))).faults.map(({ reason, sequence }) => [reason, sequence]);

  it('A3: an export is verified without server and key, in chunks of any size, however it is written', async () => {
    const { openLog, readExport } = await openVault();
    const [append, appendOther] = [await openLog(), await openLog()];
    await append(20, 1);
    await appendOther(20, 1);
    await append(3, 1);
    const lines = await readExport();
    for (const bytes of [1, 7, 300, 1_000_000]) {
      expect(await verifyExport(asFile(lines, bytes))).toMatchObject({
        isIntact: true,
        chains: 2,
        records: 43,
        uncovered: 43,
        faults: [],
      });
    }
    expect((await verifyExport(asFile(lines.slice(5, 30)))).isIntact).toBe(true);
    const reformatted = lines.map((line) =>
      JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line)).toReversed()), null, 1).replaceAll(
        '\n',
        '',
      ),
    );
    expect((await verifyExport(asFile(reformatted))).isIntact).toBe(true);
  });

  it('A3: every change of an export is named by its record', async () => {
    const { openLog, readExport } = await openVault();
    await (await openLog())(20, 1);
    const lines = await readExport();
    const line = (index: number) => lines[index] ?? '';
    expect(await faultsOf(lines.with(7, line(7).replace('grant-7', 'grant-1')))).toEqual([
      ['hash_mismatch', 8],
    ]);
    expect(await faultsOf(lines.with(0, line(0).replace('grant-0', 'grant-1')))).toEqual([
      ['hash_mismatch', 1],
    ]);
    expect(await faultsOf(lines.toSpliced(7, 1))).toEqual([['sequence_gap', 8]]);
    expect(await faultsOf(lines.toSpliced(7, 2, line(8), line(7)))).toEqual([['reordered', 8]]);
    expect(await faultsOf(lines.toSpliced(7, 0, line(4)))).toEqual([
      ['reordered', 5],
      ['repeated', 5],
    ]);
    expect((await faultsOf(lines.toReversed())).slice(0, 2)).toEqual([
      ['reordered', 19],
      ['reordered', 18],
    ]);
    const swapped = [7, 8].map((index) =>
      line(index).replace(/"sequence":\d+/, `"sequence":${index === 7 ? 9 : 8}`),
    );
    expect(await faultsOf(lines.toSpliced(7, 2, ...swapped.toReversed()))).toEqual([
      ['hash_mismatch', 8],
      ['hash_mismatch', 9],
      ['hash_mismatch', 10],
    ]);
    const unreadable = await verifyExport(asFile([...lines, '{"x":1}', 'nonsense', '']));
    expect(unreadable.faults.map(({ description }) => description)).toEqual([
      'line 21: is no audit record',
      'line 22: is no audit record',
    ]);
  });

  it('A3: a clock that was set back puts records of a chain in another order, which is no fault', async () => {
    const { openLog, readExport } = await openVault();
    const append = await openLog();
    await append(5, 1_000);
    await append(5, -3_600_000);
    await append(5, 1_000);
    const lines = await readExport();
    expect(lines.map((line) => JSON.parse(line).sequence)).not.toEqual(lines.map((_, index) => index + 1));
    expect(await faultsOf(lines)).toEqual([]);
  });

  it('A3: with a kept checkpoint also a cut beginning or end, a missing chain and a rewritten history are found', async () => {
    const { deps, openLog, readExport } = await openVault();
    const [append, appendOther] = [await openLog(), await openLog()];
    await append(10, 1);
    await makeCheckpoint(deps);
    await appendOther(10, 1);
    await append(5, 1);
    const kept = await makeCheckpoint(deps, { isComplete: true });
    await append(2, 1);
    const lines = await readExport();
    const key = importVerifyingKey((await openSigningKey(deps))?.publicJwk.x ?? '');
    const exported = kept === null ? '' : writeExported(kept);
    const verify = async (records: readonly string[], checkpoints = [exported]) => {
      const expected = await readKeptCheckpoints(asFile(checkpoints), key);
      const { faults, uncovered } = await verifyExport(asFile(records), expected);
      return [uncovered, ...faults.map(({ reason, sequence, checkpoint }) => [reason, sequence, checkpoint])];
    };
    const isOther = (text: string) => JSON.parse(text).chain_id !== JSON.parse(lines[0] ?? '').chain_id;
    expect(await verify(lines)).toEqual([2]);
    expect(await verify(lines.slice(0, -3))).toEqual([0, ['truncated', 15, 2]]);
    expect(await verify(lines.slice(3))).toEqual([2, ['beginning_missing', 1, null]]);
    expect(await verify(lines.filter((text) => !isOther(text)))).toEqual([2, ['chain_missing', null, 2]]);
    const last = lines.findLastIndex(isOther);
    const other = (lines[last] ?? '').replace(/"hash":".{64}"/, `"hash":"${'0'.repeat(64)}"`);
    expect(await verify(lines.with(last, other))).toEqual([
      2,
      ['hash_mismatch', 10, null],
      ['checkpoint_mismatch', 10, 2],
    ]);
    const forged = exported.replace('"sequence":15', '"sequence":14').replace('"last":15', '"last":14');
    expect((await verify(lines, [forged]))[1]).toEqual(['checkpoint_changed', null, 2]);
    expect((await verify(lines, ['{}']))[1]).toEqual(['checkpoint_changed', null, 1]);
  });
});
