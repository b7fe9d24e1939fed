import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import type { AuditVerdict } from '../audit/verify/audit-verdict.js';
import { verifyExport } from '../audit/verify-export.js';
import { addFilters, type FilterOptions, readFilter } from './audit/audit-filter.js';
import { addExportCommand } from './audit/export-command.js';
import { exitCodes, printJson, stripControls } from './output.js';
import { CommandError, withVault } from './run-command.js';

interface SearchOptions extends FilterOptions {
  readonly lines: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** `alter audit tail`, `search`, `export` and `verify`. */
export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('the record of everything that happened');
  addFilters(audit.command('tail').description('print the newest records'))
    .option('-n, --lines <count>', 'how many', '20')
    .option('-f, --follow', 'go on with what comes')
    .option('--json', 'one record of JSON a line')
    .action((options: SearchOptions) => printNewest(options));
  addFilters(audit.command('search').description('print the newest records that match'))
    .option('-n, --lines <count>', 'how many', '100')
    .option('--json', 'one record of JSON a line')
    .action((options: SearchOptions) => printNewest(options));
  addExportCommand(audit);
  audit
    .command('verify')
    .description('find any record that was changed, removed or added')
    .option('--file <path>', 'an export in place of the database; needs neither server nor key')
    .option('--json', 'as JSON')
    .action(async (options: { file?: string; json?: boolean }) => {
      const verdict: AuditVerdict = options.file
        ? await verifyExport(createInterface({ input: createReadStream(options.file, 'utf8') }))
        : await withVault((client) => client.call('audit.verify', {}));
      if (options.json) printJson(verdict);
      else if (verdict.isIntact)
        console.log(`intact: ${verdict.records} records in ${verdict.chains} chains`);
      if (verdict.isIntact) return;
      throw new CommandError(verdict.faults.map((fault) => fault.description).join('\n'));
    });
}

async function printNewest(options: SearchOptions): Promise<void> {
  const limit = Number(options.lines);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
    throw new CommandError('--lines must be a number from 1 to 1000', exitCodes.usage);
  }
  const filter = readFilter(options);
  const format = (line: string) => (options.json ? line : describeRecord(line));
  await withVault(async (client) => {
    const input = { filter, limit, cursor: null, order: 'desc' };
    const { lines } = await client.call('audit.query', input);
    for (const line of lines.reverse()) await write(`${format(line)}\n`);
    if (!options.follow) return;
    const stopped = new AbortController();
    process.once('SIGINT', () => stopped.abort());
    process.once('SIGTERM', () => stopped.abort());
    for await (const line of client.lines('audit.follow', { filter }, stopped.signal))
      await write(`${format(line)}\n`);
  });
}

/** One record in one line for people. */
function describeRecord(line: string): string {
  const record = JSON.parse(line) as Record<string, unknown>;
  const at = typeof record.at === 'number' ? new Date(record.at).toISOString() : String(record.at);
  const parts = [
    at,
    record.kind,
    record.outcome ?? record.decision,
    record.provider_id,
    record.grant_id,
    record.method && record.url ? `${String(record.method)} ${String(record.url)}` : undefined,
    record.caller,
    record.error_code,
    record.reason ? JSON.stringify(record.reason) : undefined,
  ];
  return stripControls(parts.filter((part) => part !== undefined && part !== null).join('  '));
}

function write(text: string): Promise<void> {
  return new Promise((resolve) => {
    if (process.stdout.write(text)) resolve();
    else process.stdout.once('drain', resolve);
  });
}
