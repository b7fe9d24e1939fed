import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import type { AuditVerdict } from '../audit/verify/audit-verdict.js';
import { verifyExport } from '../audit/verify-export.js';
import { exitCodes, printJson, stripControls } from './output.js';
import { CommandError, withVault } from './run-command.js';

interface FilterOptions {
  readonly app?: string;
  readonly grant?: string;
  readonly provider?: string;
  readonly user?: string;
  readonly outcome?: string;
  readonly kind?: string;
  readonly from?: string;
  readonly until?: string;
}

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
  addFilters(audit.command('export').description('print every record that matches, oldest first'))
    .option('--format <format>', 'jsonl', 'jsonl')
    .action(async (options: FilterOptions & { format: string }) => {
      if (options.format !== 'jsonl') throw new CommandError('the format must be jsonl', exitCodes.usage);
      await withVault(async (client) => {
        const lines = client.lines(
          'audit.export',
          { filter: readFilter(options) },
          new AbortController().signal,
        );
        for await (const line of lines) await write(`${line}\n`);
      });
    });
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

function addFilters(command: Command): Command {
  return command
    .option('--app <slug>', 'of one app')
    .option('--grant <id>', 'about one grant')
    .option('--provider <id>', 'about one provider')
    .option('--user <id>', 'about one user')
    .option('--outcome <outcome>', 'with this outcome')
    .option('--kind <kind>', 'of one kind, or of a family such as access.*')
    .option('--from <time>', 'from this time on (ISO 8601)')
    .option('--until <time>', 'before this time (ISO 8601)');
}

function readFilter(options: FilterOptions) {
  return {
    app: options.app,
    grantId: options.grant,
    providerId: options.provider,
    userId: options.user,
    outcome: options.outcome,
    kind: options.kind,
    fromMs: readTime('--from', options.from),
    untilMs: readTime('--until', options.until),
  };
}

function readTime(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms))
    throw new CommandError(`${name} must be a time such as 2026-01-31T08:00:00Z`, exitCodes.usage);
  return ms;
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
