import type { Command } from 'commander';
import { addFilters, type FilterOptions, readFilter } from './audit/audit-filter.js';
import { addExportCommand } from './audit/export-command.js';
import { addProofCommands } from './audit/proof-commands.js';
import { addVerifyCommand } from './audit/verify-command.js';
import { exitCodes, stripControls } from './output.js';
import { CommandError, withVault } from './run-command.js';

interface SearchOptions extends FilterOptions {
  readonly lines: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** `alter audit` and everything below it. */
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
  addVerifyCommand(audit);
  addProofCommands(audit);
}

async function printNewest(options: SearchOptions): Promise<void> {
  const limit = Number(options.lines);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
    throw new CommandError('--lines must be a number from 1 to 1000', exitCodes.usage);
  }
  const filter = readFilter(options);
  const format = (line: string) => (options.json ? line : describeRecord(line));
  const stopped = new AbortController();
  if (options.follow) for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopped.abort());
  await withVault(async (client) => {
    const input = { filter, limit, cursor: null, order: 'desc' };
    const { lines } = await client.call('audit.query', input);
    for (const line of lines.reverse()) await write(`${format(line)}\n`);
    if (!options.follow) return;
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
