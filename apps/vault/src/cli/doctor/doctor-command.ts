import { resolve } from 'node:path';
import type { Command } from 'commander';
import { countOf } from '../../keys/inspect/count-of.js';
import { printJson, printTable } from '../output.js';
import { CommandError, withVault } from '../run-command.js';

interface DoctorOptions {
  readonly network?: boolean;
  readonly strict?: boolean;
  readonly json?: boolean;
}

/** `alter doctor`: exit code 0 when nothing failed (with `--strict`: and nothing is warned about), else 1. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('look at everything that commonly goes wrong')
    .option('--network', 'also ask the endpoints of every provider whether they answer')
    .option('--strict', 'fail on warnings too')
    .option('--json', 'print the checks as JSON')
    .action(async (options: DoctorOptions) => {
      const input = { hasNetwork: options.network === true };
      const { checks, dataDir } = await withVault(async (client, config) => ({
        ...(await client.call('doctor', input)),
        dataDir: resolve(config.dataDir),
      }));
      if (options.json) printJson({ data_directory: dataDir, checks });
      else {
        console.log(`data directory: ${dataDir}`);
        printTable(
          ['', 'check', 'finding'],
          checks.map((check) => [check.status, check.name, check.message]),
        );
      }
      const failed = checks.filter((check) => check.status === 'failed').length;
      const warned = checks.filter((check) => check.status === 'warning').length;
      if (failed > 0) throw new CommandError(`${countOf(failed, 'check')} failed`);
      if (options.strict === true && warned > 0)
        throw new CommandError(`${countOf(warned, 'warning')}, and --strict counts them`);
    });
}
