import type { Command } from 'commander';
import { exitCodes } from '../output.js';
import { CommandError } from '../run-command.js';

/** What the commands about the audit log select by. */
export interface FilterOptions {
  readonly app?: string;
  readonly grant?: string;
  readonly provider?: string;
  readonly user?: string;
  readonly caller?: string;
  readonly outcome?: string;
  readonly kind?: string;
  readonly from?: string;
  readonly until?: string;
}

/** Gives a command the options that select records. */
export function addFilters(command: Command): Command {
  return command
    .option('--app <slug>', 'of one app')
    .option('--grant <id>', 'about one grant')
    .option('--provider <id>', 'about one provider')
    .option('--user <id>', 'about one user')
    .option('--caller <name>', 'of one caller, such as an agent')
    .option('--outcome <outcome>', 'with this outcome')
    .option('--kind <kind>', 'of one kind, or of a family such as access.*')
    .option('--from <time>', 'from this time on (ISO 8601)')
    .option('--until <time>', 'before this time (ISO 8601)');
}

/** The filter that the options mean. @throws CommandError */
export function readFilter(options: FilterOptions) {
  return {
    app: options.app,
    grantId: options.grant,
    providerId: options.provider,
    userId: options.user,
    caller: options.caller,
    outcome: options.outcome,
    kind: options.kind,
    fromMs: readTime('--from', options.from),
    untilMs: readTime('--until', options.until),
  };
}

/** A time given as an option, milliseconds since 1970. @throws CommandError */
export function readTime(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms))
    throw new CommandError(`${name} must be a time such as 2026-01-31T08:00:00Z`, exitCodes.usage);
  return ms;
}
