import { stringify } from 'csv-stringify/sync';
import { expect, it } from 'vitest';
import { runLineOperation } from '../../src/admin/run-operation.js';
import { csvColumns } from '../../src/audit/export/csv/csv-columns.js';
import { writeCsv } from '../../src/audit/export/csv/write-csv.js';
import { exportSnapshot } from '../../src/audit/export/export-snapshot.js';
import { verifyExport } from '../../src/audit/verify-export.js';
import { describeBothDatabases, startTestVault } from '../harness.js';

async function* each(lines: readonly string[]) {
  yield* lines;
}
const collect = async (lines: AsyncIterable<string>) => {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
};
const readText = async (lines: readonly object[]) => {
  const text: string[] = [];
  const records = lines.map((record) => JSON.stringify({ ...record, version: 1, hash: 'a'.repeat(64) }));
  for await (const chunk of writeCsv(each(records))) text.push(String(chunk));
  return text.join('');
};

describeBothDatabases('exports', (kind) => {
  it('A4: an export is on record before its first line, with its format and filter, and holds that record', async () => {
    const vault = await startTestVault({ kind });
    try {
      const { signal } = new AbortController();
      const input = { filter: { providerId: 'google' }, format: 'csv' };
      expect(await collect(runLineOperation(vault.deps, 'audit.export', input, signal))).toEqual([]);
      const lines = await collect(runLineOperation(vault.deps, 'audit.export', { filter: {} }, signal));
      const exported = lines
        .map((line) => JSON.parse(line))
        .filter((record) => record.kind === 'audit.exported');
      expect(exported.map((record) => record.details)).toEqual([
        { format: 'csv', filter: { providerId: 'google' } },
        { format: 'jsonl', filter: {} },
      ]);
      expect(await verifyExport([Buffer.from(lines.map((line) => `${line}\n`).join(''))])).toMatchObject({
        isIntact: true,
      });
    } finally {
      await vault.close();
    }
  });

  it('A7: an export taken while records come is what was there when it began, without a gap', async () => {
    const vault = await startTestVault({ kind });
    try {
      const append = () => vault.deps.audit.append({ kind: 'access.retrieve', appId: 'a' });
      await Promise.all(Array.from({ length: 700 }, append));
      const { signal } = new AbortController();
      const lines: string[] = [];
      for await (const line of exportSnapshot(vault.deps.storage, {}, { nowMs: Date.now(), signal })) {
        if (lines.length % 50 === 0) await append();
        lines.push(line);
      }
      const kinds = lines.map((line) => JSON.parse(line).kind).filter((name) => name === 'access.retrieve');
      expect(kinds).toHaveLength(700);
      expect(await verifyExport([Buffer.from(lines.map((line) => `${line}\n`).join(''))])).toMatchObject({
        isIntact: true,
        records: lines.length,
      });
    } finally {
      await vault.close();
    }
  });
});

it('A7: CSV has its columns in their order, objects as JSON, and only records', async () => {
  const text = await readText([
    { at: '2026-11-21T12:00:00.000Z', kind: 'access.retrieve', context: { a: 'x,"y"' }, status: 200 },
  ]);
  const [head, row, end] = text.split('\r\n');
  expect(head).toBe(csvColumns.join(','));
  expect(row).toMatch(/^2026-11-21T12:00:00.000Z,access.retrieve,/);
  expect(row).toContain('"{""a"":""x,\\""y\\""""}"');
  expect(row?.endsWith(`,1,${'a'.repeat(64)}`)).toBe(true);
  expect(end).toBe('');
  const checkpoint: string[] = [];
  for await (const chunk of writeCsv(each(['{"note":{}}']))) checkpoint.push(String(chunk));
  expect(checkpoint.join('')).toBe(stringify([[...csvColumns]], { record_delimiter: 'windows' }));
});

it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx'])(
  'A7: a cell that a spreadsheet would run begins with an apostrophe: %j',
  async (reason) => {
    const text = await readText([{ reason, caller: `a${reason}` }]);
    expect(text).toContain(`'${reason}`);
    expect(text).not.toContain(`,${reason}`);
    expect(text).not.toContain(`,"${reason}`);
    expect(text).toContain(`a${reason}`);
  },
);

it('A7: a line break inside a value does not begin a row', async () => {
  const text = await readText([{ reason: 'one\r\ntwo\n=three' }]);
  expect(text).toContain('"one\r\ntwo\n=three"');
});
