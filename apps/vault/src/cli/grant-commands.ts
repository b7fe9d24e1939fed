import type { OauthGrantItem } from '@alter-ai/core-contract';
import type { Command } from 'commander';
import { printJson, printTable } from './output.js';
import { withVault } from './run-command.js';

interface ListOptions {
  readonly app?: string;
  readonly provider?: string;
  readonly status?: string;
  readonly json?: boolean;
}

/** `alter grants list` and `alter grants revoke`. */
export function addGrantCommands(program: Command): void {
  const grants = program.command('grants').description('connected accounts and grants on managed secrets');
  grants
    .command('list')
    .description('list grants of all apps')
    .option('--app <slug>', 'of one app')
    .option('--provider <id>', 'of one provider or managed secret')
    .option('--status <status>', 'active, expired, revoked or needs_reauth')
    .option('--json', 'as JSON')
    .action(async ({ json, ...filter }: ListOptions) => {
      const answer = await withVault((client) => client.call('grants.list', filter));
      if (json) {
        printJson(answer);
        return;
      }
      printTable(
        [
          'grant',
          'app',
          'provider',
          'account or label',
          'principal',
          'status',
          'proxy only',
          'needs its user',
          'last used',
        ],
        answer.grants.map((grant) => [
          grant.grant_id,
          grant.app,
          grant.grant_kind === 'managed_secret' ? grant.managed_secret_slug : grant.provider_id,
          grant.grant_kind === 'managed_secret' ? grant.label : grant.account_identifier,
          grant.principal_type,
          grant.status,
          grant.proxy_only === true ? 'yes' : null,
          writeForecast(grant.forecast as OauthGrantItem['forecast'] | undefined),
          grant.last_used_at,
        ]),
      );
    });
  grants
    .command('revoke')
    .description('take a grant back, here and at the provider')
    .argument('<grant-id>')
    .option('--reason <text>', 'kept in the record')
    .option('--json', 'as JSON')
    .action(async (grantId: string, { json, reason }: { json?: boolean; reason?: string }) => {
      const answer = await withVault((client) => client.call('grants.revoke', { grantId, reason }));
      if (json) printJson(answer);
      else console.log(`revoked ${answer.grant_id} (at the provider: ${answer.provider_revocation})`);
    });
}

/** What the list says of the future, for people. */
function writeForecast(forecast: OauthGrantItem['forecast'] | undefined): string | null {
  if (!forecast) return null;
  const when = forecast.needs_user_at === null ? 'now' : forecast.needs_user_at.slice(0, 10);
  return `${when} (${forecast.cause}, ${forecast.confidence})`;
}
