import type { Command } from 'commander';
import { readTime } from '../audit/audit-filter.js';
import { exitCodes, printJson, printTable } from '../output.js';
import { CommandError, withVault } from '../run-command.js';

interface WebhookOptions {
  readonly app?: string;
  readonly json?: boolean;
}

interface ResendOptions extends WebhookOptions {
  readonly from?: string;
  readonly until?: string;
}

/** `alter webhooks list`, `test`, `resend`, `enable` and `rotate-secret`. */
export function addWebhookCommands(program: Command): void {
  const webhooks = program.command('webhooks').description('who hears of events, and whether it arrives');
  addOptions(webhooks.command('list').description('list webhooks, what waits, and what failed')).action(list);
  addOptions(webhooks.command('test').description('send a test message now, and tell the answer'))
    .argument('<name>')
    .action(test);
  addOptions(webhooks.command('resend').description('send an event again, or all of a period'))
    .argument('<name>')
    .argument('[event-id]', 'id of an audit record, which is the webhook-id of its message')
    .option('--from <time>', 'what happened from this time on (ISO 8601)')
    .option('--until <time>', 'and before this time')
    .action(resend);
  addOptions(webhooks.command('enable').description('use a webhook again that answered 410 Gone'))
    .argument('<name>')
    .action(async (name: string, { app, json }: WebhookOptions) => {
      const answer = await withVault((client) => client.call('webhooks.enable', { app, name }));
      if (json) printJson(answer);
      else console.log(answer.is_changed ? 'enabled' : 'was enabled already');
    });
  addOptions(
    webhooks
      .command('rotate-secret')
      .description('make a new secret and print it once; the old one signs for 24 hours more'),
  )
    .argument('<name>')
    .action(async (name: string, { app, json }: WebhookOptions) => {
      const answer = await withVault((client) => client.call('webhooks.rotate_secret', { app, name }));
      if (json) printJson(answer);
      else console.log(`secret of webhook "${answer.name}", shown once: ${answer.secret}`);
    });
}

function addOptions(command: Command): Command {
  return command.option('--app <slug>', 'of one app').option('--json', 'as JSON');
}

async function list({ app, json }: WebhookOptions): Promise<void> {
  const answer = await withVault((client) => client.call('webhooks.list', { app }));
  if (json) {
    printJson(answer);
    return;
  }
  printTable(
    ['app', 'name', 'url', 'events', 'state', 'waiting', 'last answer', 'given up'],
    answer.webhooks.map((webhook) => [
      webhook.app,
      webhook.name,
      webhook.url,
      webhook.events.join(' '),
      webhook.disabled_reason ??
        (webhook.failing_since ? `failing since ${webhook.failing_since}` : webhook.status),
      webhook.waiting,
      webhook.last_error ?? webhook.last_status ?? 'no event sent yet',
      webhook.given_up > 0 ? `${webhook.given_up}, last ${webhook.last_given_up_at}` : 0,
    ]),
  );
}

async function test(name: string, { app, json }: WebhookOptions): Promise<void> {
  const answer = await withVault((client) => client.call('webhooks.test', { app, name }));
  if (json) printJson(answer);
  else if (answer.is_delivered) console.log(`delivered: ${answer.status}`);
  if (!answer.is_delivered) throw new CommandError(`not delivered: ${answer.error}`);
}

async function resend(
  name: string,
  eventId: string | undefined,
  { app, json, from, until }: ResendOptions,
): Promise<void> {
  if ((eventId === undefined) === (from === undefined)) {
    throw new CommandError('give either an event id or --from', exitCodes.usage);
  }
  const input = {
    app,
    name,
    eventId,
    fromMs: readTime('--from', from),
    untilMs: readTime('--until', until),
  };
  const answer = await withVault((client) => client.call('webhooks.resend', input));
  if (json) printJson(answer);
  else
    console.log(
      answer.is_complete ? `${answer.events} queued` : `${answer.events} queued, there are more: use --until`,
    );
}
