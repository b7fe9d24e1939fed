import {
  buildSignedHeaders,
  createNonce,
  deriveKeyId,
  deriveSigningKeyObject,
  isApiKeyFormat,
  sha256Hex,
} from '@alter-ai/core-crypto';
import type { Command } from 'commander';
import { z } from 'zod';
import { readClientEnvironment } from '../config.js';
import { exitCodes, findExitCode, printJson, stripControls } from './output.js';
import { CommandError } from './run-command.js';

interface ConnectOptions {
  readonly provider?: string[];
  readonly timeout: string;
  readonly json?: boolean;
}

const pollEveryMs = 1_500;

const sessionSchema = z.looseObject({ session_token: z.string(), connect_url: z.string() });
const pollSchema = z.looseObject({
  status: z.enum(['pending', 'completed', 'error', 'expired']),
  grants: z
    .array(
      z.looseObject({
        grant_id: z.string(),
        provider_id: z.string(),
        account_identifier: z.string().nullable().optional(),
      }),
    )
    .optional(),
  error: z.looseObject({ error_code: z.string(), error_message: z.string() }).optional(),
});
const errorSchema = z.looseObject({ error: z.string(), message: z.string() });

/** `alter connect`: connects an account from a terminal, over HTTP, as an app does. */
export function addConnectCommand(program: Command): void {
  program
    .command('connect')
    .description('print a link, wait until an account is connected, print its grant id')
    .option('-p, --provider <id...>', 'only these providers')
    .option('--timeout <seconds>', 'how long to wait', '300')
    .option('--json', 'print the grants as JSON')
    .action((options: ConnectOptions) => connect(options));
}

async function connect(options: ConnectOptions): Promise<void> {
  const timeoutSeconds = Number(options.timeout);
  if (!Number.isFinite(timeoutSeconds) || timeoutSeconds <= 0) {
    throw new CommandError('--timeout must be a number of seconds', exitCodes.usage);
  }
  const call = createCaller();
  const session = sessionSchema.parse(
    await call('/sdk/oauth/connect/session', { allowed_providers: options.provider ?? null }),
  );
  console.error('Open this link in a browser:');
  console.error(session.connect_url);
  const deadlineMs = Date.now() + timeoutSeconds * 1000;
  while (Date.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, pollEveryMs));
    const answer = pollSchema.parse(
      await call('/sdk/oauth/connect/session/poll', { session_token: session.session_token }),
    );
    if (answer.status === 'completed') {
      if (options.json) printJson({ grants: answer.grants ?? [] });
      else for (const grant of answer.grants ?? []) console.log(grant.grant_id);
      return;
    }
    if (answer.status === 'error') {
      throw new CommandError(stripControls(`${answer.error?.error_code}: ${answer.error?.error_message}`));
    }
    if (answer.status === 'expired')
      throw new CommandError('the link expired before an account was connected');
  }
  throw new CommandError(`no account was connected within ${timeoutSeconds} seconds`);
}

/** A signed call as an SDK makes it; the key itself is not sent. */
function createCaller(): (path: string, body: unknown) => Promise<unknown> {
  const { baseUrl, apiKey } = readClientEnvironment();
  if (!baseUrl || !URL.canParse(baseUrl)) {
    throw new CommandError('ALTER_BASE_URL must be the address of the vault', exitCodes.usage);
  }
  if (!apiKey || !isApiKeyFormat(apiKey.reveal())) {
    throw new CommandError('ALTER_API_KEY must be an API key of the app', exitCodes.notSignedIn);
  }
  const key = apiKey.reveal();
  const signingKey = deriveSigningKeyObject(key);
  return async (path, body) => {
    const text = JSON.stringify(body);
    const headers = buildSignedHeaders(signingKey, {
      method: 'POST',
      target: path,
      timestamp: Date.now() / 1000,
      nonce: createNonce(),
      bodySha256: sha256Hex(text),
    });
    let response: Response;
    try {
      response = await fetch(baseUrl.replace(/\/+$/, '') + path, {
        method: 'POST',
        headers: { 'X-Alter-Key-Id': deriveKeyId(key), 'Content-Type': 'application/json', ...headers },
        body: text,
        redirect: 'manual',
      });
    } catch {
      throw new CommandError(`the vault at ${baseUrl} cannot be reached`);
    }
    const answer: unknown = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    const failure = errorSchema.safeParse(answer);
    if (!failure.success) throw new CommandError(`the vault answered ${response.status}`);
    const { error, message } = failure.data;
    throw new CommandError(stripControls(`${error}: ${message}`), findExitCode(error));
  };
}
