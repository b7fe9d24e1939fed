import type { Command } from 'commander';
import { countOf } from '../../keys/inspect/count-of.js';
import { printJson, printTable } from '../output.js';
import { withVault } from '../run-command.js';

/** `alter apps list` and `alter apps shred`. */
export function addAppCommands(program: Command): void {
  const apps = program.command('apps').description('the applications of this vault');
  apps
    .command('list')
    .description('list apps')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const answer = await withVault((client) => client.call('apps.list', {}));
      if (json) {
        printJson(answer);
        return;
      }
      printTable(
        ['app', 'state', 'id'],
        answer.apps.map((app) => [
          app.slug,
          app.shredded_at ? `shredded ${app.shredded_at}` : 'active',
          app.id,
        ]),
      );
    });
  apps
    .command('shred')
    .description('destroy the key of an app, so that nothing of it can ever be opened again; --yes does it')
    .argument('<slug>')
    .option('--yes', 'do it')
    .option('--json', 'as JSON')
    .action(async (slug: string, { yes, json }: { yes?: boolean; json?: boolean }) => {
      const answer = await withVault((client) => client.call('apps.shred', { slug, isDryRun: yes !== true }));
      if (json) {
        printJson(answer);
        return;
      }
      if (!answer.is_done) {
        console.log(
          `would destroy the key of ${answer.app} with ${countOf(answer.sealed_values, 'sealed value')}, and revoke its API keys and grants. There is no way back.`,
        );
        describeCopies(answer);
        console.log('nothing was done: add --yes');
        return;
      }
      console.log(
        `${answer.app} is shredded: ${countOf(answer.sealed_values, 'sealed value')}, ${countOf(answer.api_keys_revoked, 'API key')}, ${countOf(answer.grants_revoked, 'grant')}`,
      );
      describeCopies(answer);
    });
}

function describeCopies(answer: {
  is_gone_from_copies: boolean;
  gone_from_copies_since: string | null;
  copies_open_with: readonly string[];
}): void {
  if (answer.is_gone_from_copies) return;
  const since = answer.gone_from_copies_since;
  if (since === null) {
    console.log(
      'Backups that were made before still open with the root key of their time: run alter rotate-keys --root, back up anew, and destroy the old root key.',
    );
    return;
  }
  const keys = answer.copies_open_with.filter(Boolean).join(' and ') || 'the root key of their time';
  console.log(
    `Backups since ${since} open no more. Those from before still open with ${keys}: destroy it, or what it keeps for this app.`,
  );
}
