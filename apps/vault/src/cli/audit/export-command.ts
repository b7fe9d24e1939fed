import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { writeCsv } from '../../audit/export/csv/write-csv.js';
import { exitCodes } from '../output.js';
import { CommandError, withVault } from '../run-command.js';
import { addFilters, type FilterOptions, readFilter } from './audit-filter.js';

interface ExportOptions extends FilterOptions {
  readonly format: string;
  readonly output?: string;
  readonly to?: string;
}

/** `alter audit export`: streams, so that the size of the log does not matter. */
export function addExportCommand(audit: Command): void {
  addFilters(
    audit
      .command('export')
      .description('print every record that matches, oldest first; the export is recorded'),
  )
    .option('--to <time>', 'the same as --until')
    .option('--format <format>', 'jsonl, which `audit verify` reads, or csv', 'jsonl')
    .option('-o, --output <file>', 'write a file (0600) in place of the standard output')
    .action(exportRecords);
}

async function exportRecords(options: ExportOptions): Promise<void> {
  const { format, output, to } = options;
  if (format !== 'jsonl' && format !== 'csv')
    throw new CommandError('--format must be jsonl or csv', exitCodes.usage);
  if (to !== undefined && options.until !== undefined)
    throw new CommandError('--to and --until are the same: give one', exitCodes.usage);
  const filter = readFilter(to === undefined ? options : { ...options, until: to });
  await withVault(async (client) => {
    const stopped = new AbortController();
    const lines = client.lines('audit.export', { filter, format }, stopped.signal);
    const text = format === 'csv' ? writeCsv(lines) : Readable.from(endLines(lines));
    try {
      if (output === undefined) await pipeline(text, createStandardOutput());
      else await writeFile(text, output);
    } finally {
      stopped.abort();
    }
  });
}

/** Writes beside the file and renames, so that what bears the name is whole. */
async function writeFile(text: Readable, path: string): Promise<void> {
  const partial = `${path}.partial`;
  try {
    await pipeline(text, createWriteStream(partial, { mode: 0o600, flush: true }));
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    if (error instanceof Error && 'syscall' in error && 'code' in error)
      throw new CommandError(`${path} cannot be written (${String(error.code)})`);
    throw error;
  }
}

/** The standard output without its end: others may print after this. */
function createStandardOutput(): Writable {
  return new Writable({
    decodeStrings: false,
    write: (chunk, encoding, done) => {
      if (process.stdout.write(chunk, encoding)) done();
      else process.stdout.once('drain', done);
    },
  });
}

async function* endLines(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`;
}
