import { mintApiKey } from '@alter-ai/core-crypto';
import type { Command } from 'commander';
import { printJson, printTable } from './output.js';
import { withVault } from './run-command.js';

interface ListOptions {
  readonly app?: string;
  readonly json?: boolean;
}

/** `alter providers`, `alter keys generate` and `alter keys list`. */
export function addInspectCommands(program: Command): void {
  program
    .command('providers')
    .description('list the configured providers, and the redirect URI to register')
    .option('--app <slug>', 'of one app')
    .option('--json', 'as JSON')
    .action(async ({ json, app }: ListOptions) => {
      const answer = await withVault((client) => client.call('providers', { app }));
      if (json) {
        printJson(answer);
        return;
      }
      console.log(`redirect URI to register at every provider: ${answer.redirect_uri}`);
      printTable(
        ['app', 'id', 'name', 'client', 'scopes'],
        answer.providers.map((item) => [
          item.app,
          item.id,
          item.name,
          item.is_configured ? 'configured' : 'missing',
          (item.scopes as string[]).join(' '),
        ]),
      );
    });
  const keys = program.command('keys').description('API keys');
  keys
    .command('generate')
    .description(
      'print a new API key for a file of settings or a secret store; stores nothing, needs no vault',
    )
    .action(() => console.log(mintApiKey('app')));
  keys
    .command('list')
    .description('list API keys; their values are never shown')
    .option('--app <slug>', 'of one app')
    .option('--json', 'as JSON')
    .action(async ({ json, app }: ListOptions) => {
      const answer = await withVault((client) => client.call('keys.list', { app }));
      if (json) {
        printJson(answer);
        return;
      }
      printTable(
        ['app', 'name', 'prefix', 'state', 'scopes', 'id'],
        answer.keys.map((key) => [
          key.app,
          key.name,
          `${key.key_prefix}…`,
          key.revoked_at ? 'revoked' : key.expires_at ? `until ${key.expires_at}` : 'active',
          key.scopes.join(' '),
          key.id,
        ]),
      );
    });
}
