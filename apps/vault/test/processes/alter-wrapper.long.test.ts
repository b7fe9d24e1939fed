import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder } from './server-process.js';

const wrapper = fileURLToPath(new URL('../../bin/alter.mjs', import.meta.url));

describe('npx alter', { timeout: 90_000 }, () => {
  const folder = makeFolder();
  const start = (...args: string[]) => {
    const child = spawn(process.execPath, [wrapper, ...args], {
      env: {
        PATH: process.env.PATH,
        ALTER_VAULT_ENV: 'development',
        ALTER_VAULT_DATA_DIR: join(folder.path, 'data'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stderr.resume();
    const isPrinting = new Promise((resolve) => child.stdout.once('data', resolve));
    // The pipes close when the last program that holds them has ended: the command, too.
    const end = new Promise<[number | null, string | null]>((resolve) =>
      child.once('close', (code, signal) => resolve([code, signal])),
    );
    return { child, isPrinting, end };
  };
  beforeAll(async () => {
    const config = join(folder.path, 'vault.yaml');
    writeFileSync(config, 'version: 1\napps: [{ slug: demo, name: Demo }]\n');
    expect(await start('apply', '-f', config, '--yes').end).toEqual([0, null]);
  }, 60_000);
  afterAll(() => folder.remove());

  it.each([
    ['SIGTERM', [0, null]],
    ['SIGINT', [0, null]],
    ['SIGHUP', [null, 'SIGHUP']],
  ] as const)('%s ends the command with it, and it ends as the command did', async (signal, expected) => {
    const { child, isPrinting, end } = start('audit', 'tail', '-f');
    await isPrinting;
    child.kill(signal);
    expect(await end).toEqual(expected);
  });

  it('answers the exit code of the command', async () => {
    expect(await start('nonsense').end).toEqual([2, null]);
    expect(await start('grants', 'revoke', 'nothing').end).toEqual([4, null]);
  });
});
