import type { Command } from 'commander';
import type { RotationsProgress } from '../../keys/rotation/follow-rotations.js';
import { exitCodes, printJson, printTable, stripControls } from '../output.js';
import { CommandError, withVault } from '../run-command.js';

interface RotateOptions {
  readonly root?: boolean;
  readonly app?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

const barWidth = 30;

/** `alter rotate-keys`. */
export function addRotateCommand(program: Command): void {
  program
    .command('rotate-keys')
    .description('put everything under new keys while calls go on; run again to go on with what was cut off')
    .option('--root', 'the root key: the current one of the environment takes the place of the previous one')
    .option('--app <slug>', 'the key of one app, and everything sealed under it')
    .option('--all', 'the keys of all apps')
    .option('--json', 'print the result as JSON, and progress as JSON lines on standard error')
    .action((options: RotateOptions) => rotate(options));
}

async function rotate(options: RotateOptions): Promise<void> {
  const chosen = [options.root, options.app, options.all].filter((value) => value !== undefined);
  if (chosen.length !== 1) throw new CommandError('give one of --root, --app <slug>, --all', exitCodes.usage);
  const what = options.root ? 'root' : options.app === undefined ? 'all' : { app: options.app };
  const stopped = new AbortController();
  process.once('SIGINT', () => stopped.abort());
  process.once('SIGTERM', () => stopped.abort());
  const last = await withVault(async (client) => {
    let progress: RotationsProgress | undefined;
    for await (const line of client.lines('keys.rotate', { what }, stopped.signal)) {
      progress = JSON.parse(line) as RotationsProgress;
      if (options.json) process.stderr.write(`${line}\n`);
      else showProgress(progress);
    }
    return progress;
  });
  if (!options.json && process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  if (last?.is_finished !== true) {
    throw new CommandError(
      'stopped before the end; what is done stays done. A running server goes on with it, or this command when it is run again',
    );
  }
  if (options.json) printJson(last);
  else if (last.rotations.length === 0 && last.unreadable_apps.length === 0)
    console.log('nothing to do: everything is under the current key');
  else {
    printTable(
      ['key of', 'changed', 'from', 'to'],
      last.rotations.map((item) => [item.app ?? 'root', item.changed, item.from_key, item.to_key]),
    );
  }
  const problems: string[] = [];
  if (last.unreadable_apps.length > 0) {
    const names = last.unreadable_apps.join(', ');
    problems.push(`the key of ${names} does not open, so it stays as it was; everything else is done`);
  }
  const unreadable = last.rotations.filter((item) => item.app !== null && item.unreadable > 0);
  if (unreadable.length > 0) {
    const names = unreadable.map((item) => item.app).join(', ');
    problems.push(`some values of ${names} do not open; their old data keys were kept`);
  }
  if (problems.length > 0) throw new CommandError(`${problems.join('. ')}. See alter doctor`);
}

/** One line that is written over on a terminal; elsewhere one line for each phase. */
function showProgress(progress: RotationsProgress): void {
  const running = progress.rotations.filter((item) => item.phase !== 'done');
  const [first] = running;
  if (first === undefined) return;
  const name = stripControls(first.app === null ? 'root key' : `key of ${first.app}`);
  const others = running.length > 1 ? `, ${running.length - 1} more` : '';
  if (process.stderr.isTTY) {
    const share = first.total === 0 ? 1 : Math.min(1, first.seen / first.total);
    const bar = '#'.repeat(Math.round(share * barWidth)).padEnd(barWidth, '.');
    const count = `${first.seen}/${first.total}`;
    process.stderr.write(`\r\u001b[K[${bar}] ${name}: ${describePhase(first.phase)} ${count}${others}`);
  } else if (shownPhase !== `${first.id} ${first.phase}`) {
    shownPhase = `${first.id} ${first.phase}`;
    process.stderr.write(`${name}: ${describePhase(first.phase)}${others}\n`);
  }
}

let shownPhase = '';

function describePhase(phase: string): string {
  if (phase === 'settling') return 'waiting for calls under way';
  return phase === 'sweeping' ? 'looking for what came late' : 'rewriting';
}
