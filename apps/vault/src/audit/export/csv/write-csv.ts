import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify';
import { isRecordLine } from '../export-snapshot.js';
import { csvColumns } from './csv-columns.js';

/**
 * Lines of a JSON Lines export as CSV (RFC 4180: CRLF, a header line). Members that are objects stand as JSON. What a spreadsheet
 * would take for a formula (it begins with = + - @, a tab or a carriage return) gets an apostrophe before it.
 */
export function writeCsv(lines: AsyncIterable<string>): Readable {
  const rows = Readable.from(readRows(lines));
  const csv = stringify({
    header: true,
    columns: [...csvColumns],
    record_delimiter: 'windows',
    quote_record_delimiter: true,
    escape_formulas: true,
  });
  rows.once('error', (error) => csv.destroy(error));
  csv.once('close', () => rows.destroy());
  return rows.pipe(csv);
}

async function* readRows(lines: AsyncIterable<string>): AsyncGenerator<unknown[]> {
  for await (const line of lines) {
    if (!isRecordLine(line)) continue;
    const record = JSON.parse(line) as Record<string, unknown>;
    yield csvColumns.map((column) => {
      const value = record[column];
      return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
    });
  }
}
