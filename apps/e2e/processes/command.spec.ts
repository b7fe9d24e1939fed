import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { openConnectUrl } from '../harness/connect-over-http.js';
import { type Stack, startStack } from '../harness/stack.js';
import { repositoryRoot } from '../harness/vault-process.js';

let stack: Stack;
test.beforeAll(async () => {
  stack = await startStack();
});
test.afterAll(() => stack?.close());

/** Runs `alter connect` as an application's developer would, and goes through the link that it prints. */
async function connectByCommand(
  decision: 'allow' | 'deny',
): Promise<{ code: number | null; output: string }> {
  const file = join(repositoryRoot, 'apps', 'vault', 'dist', 'cli', 'main.js');
  const child = spawn(process.execPath, [file, 'connect', '--provider', 'acme', '--timeout', '20'], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ALTER_BASE_URL: stack.vault.url,
      ALTER_API_KEY: stack.apiKey,
    },
  });
  let output = '';
  let isOpened = false;
  const look = (chunk: Buffer) => {
    output += chunk.toString();
    const link = /http\S+#session=\S+/.exec(output)?.[0];
    if (!link || isOpened) return;
    isOpened = true;
    void openConnectUrl(stack.vault.url, link, { providerId: 'acme', decision });
  };
  child.stdout.on('data', look);
  child.stderr.on('data', look);
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { code, output };
}

test('S1: alter connect prints a link, waits, and prints the grant id that works', async () => {
  const { code, output } = await connectByCommand('allow');
  expect(code).toBe(0);
  const grantId = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(output.replace(/#session=\S+/, ''))?.[0] ?? '';
  expect((await stack.sdk.request('GET', `${stack.apiUrl}/messages`, { grantId })).status).toBe(200);
  expect(stack.vault.alter('grants', 'list').stdout).toContain('alice@example.test');
});

test('C6: alter connect says so when the user denies', async () => {
  const { code, output } = await connectByCommand('deny');
  expect(code).toBe(1);
  expect(output.toLowerCase()).toContain('denied');
});

test('F6: alter doctor finds a healthy vault healthy, and names the redirect URI to register', () => {
  const result = stack.vault.alter('doctor');
  expect(result.stdout).toContain(`${stack.vault.url}/oauth/callback`);
  expect(result.status).toBe(0);
});
