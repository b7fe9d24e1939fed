import type { Command } from 'commander';
import { stringify } from 'yaml';
import { loadConfig } from '../config.js';
import { resolveSettingsFile } from '../settings/file/read-file.js';
import { printJson, printTable } from './output.js';
import { withVault } from './run-command.js';

interface ApplyOptions {
  readonly file: string[];
  readonly yes?: boolean;
  readonly prune?: boolean;
  readonly json?: boolean;
}

/** `alter apply` and `alter export`. */
export function addSettingsCommands(program: Command): void {
  program
    .command('apply')
    .description('make the settings what a file says; prints the plan, --yes does it')
    .requiredOption('-f, --file <path...>', 'configuration file, YAML or JSON')
    .option('--yes', 'do it')
    .option('--prune', 'take out what no file names')
    .option('--json', 'print the result as JSON')
    .action((options: ApplyOptions) => apply(options));
  program
    .command('export')
    .description('print the settings as a file; secrets stand as { env: NAME }')
    .option('--json', 'as JSON')
    .action(async (options: { json?: boolean }) => {
      const { content, variables } = await withVault((client) => client.call('settings.export', {}));
      if (options.json) {
        printJson(content);
        return;
      }
      if (variables.length > 0) console.log(`# Reads its secrets from: ${variables.join(', ')}`);
      console.log(stringify(content, { lineWidth: 0 }).trimEnd());
    });
}

async function apply(options: ApplyOptions): Promise<void> {
  const { readVariable } = loadConfig();
  const files = await Promise.all(options.file.map((path) => resolveSettingsFile(path, readVariable)));
  for (const { warnings } of files) {
    for (const { file, path, message } of warnings) console.error(`warning: ${file}: ${path}: ${message}`);
  }
  const result = await withVault(
    (client) =>
      client.call('settings.apply', {
        files: files.map(({ label, content }) => ({ label, content })),
        isPruning: options.prune === true,
        isDryRun: options.yes !== true,
      }),
    { mayBegin: true },
  );
  if (options.json) {
    printJson(options.yes ? { apps: result.apps } : { changes: result.changes });
    return;
  }
  const differing = result.changes.filter((change) => change.action !== 'unchanged');
  if (differing.length === 0) {
    console.log('nothing to change');
    return;
  }
  printTable(
    ['action', 'app', 'what', 'name', 'fields'],
    differing.map((change) => [
      change.action,
      change.app,
      change.kind,
      change.name,
      change.fields.join(', '),
    ]),
  );
  if (!options.yes) {
    console.log('nothing was done: add --yes to apply this plan');
    return;
  }
  for (const app of result.apps) {
    for (const key of app.api_keys) {
      if (key.value) console.log(`api key "${key.name}" of app "${app.slug}", shown once: ${key.value}`);
    }
    for (const { slug, grants } of app.managed_secrets) {
      for (const { grant_id: grantId, label } of grants) {
        console.log(`grant "${label}" on managed secret "${slug}" of app "${app.slug}": ${grantId}`);
      }
    }
    for (const webhook of app.webhooks) {
      if (webhook.secret) {
        console.log(
          `secret of webhook "${webhook.name}" of app "${app.slug}", shown once: ${webhook.secret}`,
        );
      }
    }
  }
}
