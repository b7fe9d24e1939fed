import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { OperationError } from '../../admin/operation.js';
import { loadConfig } from '../../config.js';
import { exitCodes, printJson, printTable } from '../output.js';
import { CommandError, withVault } from '../run-command.js';

interface SecretOptions {
  readonly app?: string;
  readonly json?: boolean;
}

interface AddOptions extends SecretOptions {
  readonly name?: string;
  readonly template?: string;
  readonly kind?: string;
  readonly header?: string;
  readonly format?: string;
  readonly host?: string[];
  readonly network?: string[];
  readonly region?: string;
  readonly service?: string;
  readonly inject?: string[];
}

interface StoreOptions extends SecretOptions {
  readonly label?: string;
  readonly env?: string;
  readonly file?: string;
}

const fieldsHelp = `
Several fields, as a JSON object of strings:
  basic      {"username": "…", "password": "…"}
  aws_sigv4  {"access_key_id": "…", "secret_access_key": "…", "session_token": "…"}   the last one if there is one
  custom     {"value": "…", "NAME": "…"}   each name that a format uses`;

/** Options of `add` whose name in the file is another one. */
const optionOfField = new Map([
  ['hosts', 'host'],
  ['allowed_networks', 'network'],
  ['injections', 'inject'],
]);

/** `alter secrets list`, `templates`, `add`, `store`, `grant` and `remove`. */
export function addSecretCommands(program: Command): void {
  const secrets = program.command('secrets').description('managed secrets: keys that you store yourself');
  addOptions(secrets.command('list').description('list managed secrets, never their values')).action(list);
  secrets
    .command('templates')
    .description('list services whose form of key is known')
    .option('--json', 'as JSON')
    .action(listTemplates);
  addOptions(secrets.command('add').description('add a managed secret, or change what it is'))
    .argument('<slug>')
    .option('--name <name>', 'for people')
    .option('--template <slug>', 'take kind, place and hosts from a template')
    .option('--kind <kind>', 'bearer, api_key, basic, aws_sigv4 or custom')
    .option('--header <name>', 'of kind api_key')
    .option('--format <text>', 'what stands in the header: {token} is the key')
    .option('--host <host...>', 'where it may be sent, e.g. api.example.com or *.example.com')
    .option('--network <network...>', 'CIDR or host of your own network that it may be sent to')
    .option('--region <region>', 'of kind aws_sigv4')
    .option('--service <service>', 'of kind aws_sigv4')
    .option('--inject <place...>', 'of kind custom: header:NAME=FORMAT or query:NAME=FORMAT')
    .action(add);
  addOptions(
    secrets
      .command('store')
      .description(
        'store its value, or replace it; read from standard input: the key alone, or a JSON object where the kind has several fields',
      ),
  )
    .argument('<slug>')
    .option('--label <label>', 'tells several values apart', 'default')
    .option('--env <name>', 'read it from this variable')
    .option('--file <path>', 'read it from this file')
    .addHelpText('after', fieldsHelp)
    .action(store);
  addOptions(secrets.command('grant').description('make a grant of the app, or point it at another value'))
    .argument('<slug>')
    .argument('<label>', 'of the grant')
    .option('--credential <label>', 'of the value that it uses')
    .action(
      async (
        slug: string,
        label: string,
        { app, json, credential }: SecretOptions & { credential?: string },
      ) => {
        const answer = await withVault((client) =>
          client.call('secrets.grant', { app, slug, label, credential }),
        );
        printPut(answer, json);
      },
    );
  addOptions(secrets.command('remove').description('take it out with its grants, or one of its values'))
    .argument('<slug>')
    .option('--credential <label>', 'only this value, which no grant uses any more')
    .action(async (slug: string, { app, json, credential }: SecretOptions & { credential?: string }) => {
      const answer = await withVault((client) => client.call('secrets.remove', { app, slug, credential }));
      if (json) printJson(answer);
      else console.log(`removed; grants revoked: ${answer.revoked_grants.length}`);
    });
}

function addOptions(command: Command): Command {
  return command
    .option('--app <slug>', 'of this app; needed where there are several')
    .option('--json', 'as JSON');
}

async function list({ app, json }: SecretOptions): Promise<void> {
  const answer = await withVault((client) => client.call('secrets.list', { app }));
  if (json) {
    printJson(answer);
    return;
  }
  printTable(
    ['app', 'slug', 'kind', 'hosts', 'values', 'grants', 'id'],
    answer.secrets.map((secret) => [
      secret.app,
      secret.slug,
      secret.kind,
      (secret.hosts as string[]).join(' '),
      (secret.credentials as { label: string }[]).map(({ label }) => label).join(' '),
      (secret.grants as unknown[]).length,
      secret.managed_secret_id,
    ]),
  );
}

async function listTemplates({ json }: SecretOptions): Promise<void> {
  const answer = await withVault((client) => client.call('secrets.templates', {}));
  if (json) {
    printJson(answer);
    return;
  }
  printTable(
    ['slug', 'service', 'kind', 'verified', 'documentation'],
    answer.templates.map((template) => [
      template.slug,
      template.name,
      template.kind,
      template.isUnverified ? 'no' : 'yes',
      template.documentationUrl,
    ]),
  );
}

async function add(slug: string, options: AddOptions): Promise<void> {
  const { app, json, host, network, inject, ...facts } = options;
  const entry = {
    slug,
    ...facts,
    ...(host === undefined ? {} : { hosts: host }),
    ...(network === undefined ? {} : { allowed_networks: network }),
    ...(inject === undefined ? {} : { injections: inject.map(readInjection) }),
  };
  const answer = await withVault((client) => client.call('secrets.add', { app, entry })).catch(nameOptions);
  if (json) printJson(answer);
  else
    console.log(
      `${answer.action}: ${answer.slug} (${answer.managed_secret_id}); now: alter secrets store ${slug}`,
    );
}

/** What is wrong with the entry is wrong with an option here, not with a place in a file. */
function nameOptions(error: unknown): never {
  if (!(error instanceof OperationError) || error.code !== 'settings_file_refused') throw error;
  const lines = error.message.split('\n').map((line) => {
    const [, field = '', message] =
      /^managed secret: apps\[0\]\.managed_secrets\[0\]\.(\w+)[^:]*: (.*)$/.exec(line) ?? [];
    if (message === undefined) return line;
    return `${field === 'slug' ? '<slug>' : `--${optionOfField.get(field) ?? field}`} ${message}`;
  });
  throw new CommandError(lines.join('\n'), exitCodes.usage);
}

async function store(slug: string, { app, json, label, env, file }: StoreOptions): Promise<void> {
  const fields = readFields(await readValue({ env, file }));
  const answer = await withVault((client) => client.call('secrets.store', { app, slug, label, fields }));
  printPut(answer, json);
}

function printPut(
  answer: { action: string; slug: string; grants: readonly { grant_id: string; label: string }[] },
  json: boolean | undefined,
): void {
  if (json) {
    printJson(answer);
    return;
  }
  console.log(`${answer.action}: ${answer.slug}`);
  printTable(
    ['grant', 'label'],
    answer.grants.map((grant) => [grant.grant_id, grant.label]),
  );
}

/** The value never stands among the arguments, which other processes can read. */
async function readValue(from: { env?: string | undefined; file?: string | undefined }): Promise<string> {
  if (from.env !== undefined) {
    const value = loadConfig().readVariable(from.env);
    if (!value) throw new CommandError(`The variable ${from.env} is not set.`, exitCodes.usage);
    return value;
  }
  const content = from.file === undefined ? await text(process.stdin) : readFileSync(from.file, 'utf8');
  const value = content.replace(/\r?\n$/, '');
  if (value === '') throw new CommandError('There is no value to store.', exitCodes.usage);
  return value;
}

/** A value alone, or a JSON object with the fields of its kind. */
function readFields(value: string): Record<string, string> {
  if (!value.startsWith('{')) return { value };
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return { value };
  }
  const entries = Object.entries(parsed as Record<string, unknown>);
  if (entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')) {
    return Object.fromEntries(entries);
  }
  throw new CommandError(
    'The fields must be strings, e.g. {"username":"…","password":"…"}.',
    exitCodes.usage,
  );
}

function readInjection(place: string): Record<string, string> {
  const match = /^(header|query):([^=]+)(?:=(.*))?$/s.exec(place);
  const [, target = '', name = '', format] = match ?? [];
  if (!match)
    throw new CommandError('--inject takes header:NAME=FORMAT or query:NAME=FORMAT.', exitCodes.usage);
  return { [target]: name, ...(format === undefined ? {} : { format }) };
}
