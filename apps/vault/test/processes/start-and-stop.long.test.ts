import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makeFolder, type RunningProgram, startProgram } from './server-process.js';
import { signCall } from './sign.js';

const apiKey = 'alter_rk_abcdefghijklmnopqrstuv_iwpykn';
const yaml = `version: 1
apps:
  - slug: demo
    name: Demo
    api_keys: [{ name: backend, value: { env: DEMO_KEY } }]
`;
const cleanups: (() => void)[] = [];
const running: RunningProgram[] = [];
afterEach(async () => {
  for (const program of running.splice(0)) {
    program.process.kill('SIGKILL');
    await program.end();
  }
  for (const cleanUp of cleanups.splice(0)) cleanUp();
});

function prepare(environment: Record<string, string> = {}) {
  const folder = makeFolder();
  cleanups.push(folder.remove);
  const config = join(folder.path, 'vault.yaml');
  writeFileSync(config, yaml);
  const base = {
    PORT: '0',
    ALTER_VAULT_ENV: 'development',
    ALTER_VAULT_DATA_DIR: join(folder.path, 'data'),
    ALTER_VAULT_CONFIG_FILE: config,
    DEMO_KEY: apiKey,
    ...environment,
  };
  return { folder: folder.path, config, environment: base };
}

function start(environment: Record<string, string>): RunningProgram {
  const program = startProgram('main.js', environment);
  running.push(program);
  return program;
}

const run = (environment: Record<string, string>, args: string[] = []) =>
  startProgram('main.js', environment, args).end();

describe('start', { timeout: 60_000 }, () => {
  it('one line says ready with the address, and everything lies in the data directory, for its owner only', async () => {
    const { environment, folder } = prepare();
    const server = start(environment);
    const url = await server.ready();
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ status: 'ready' });
    expect((await fetch(`${url}/sdk/scopes`, signCall(apiKey, 'GET', '/sdk/scopes'))).status).toBe(200);
    expect(statSync(join(folder, 'data', 'root.key')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'data', 'admin.sock')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'data', 'vault.db')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'data', 'vault.db-wal')).mode & 0o777).toBe(0o600);
    expect(server.output()).not.toContain(apiKey);
  });

  it('K6: what a start makes goes into a file for its owner, whose path is logged, and never to the log', async () => {
    const { environment, folder, config } = prepare({ ALTER_VAULT_LOG_LEVEL: 'debug' });
    writeFileSync(
      config,
      `${yaml}      - name: worker
    webhooks: [{ name: ops, url: 'https://hooks.example.com/', events: ['grant.*'] }]
`.replace(
        '[{ name: backend, value: { env: DEMO_KEY } }]',
        '\n      - { name: backend, value: { env: DEMO_KEY } }',
      ),
    );
    const path = join(folder, 'data', 'minted-secrets.jsonl');
    const first = start(environment);
    const url = await first.ready();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const text = readFileSync(path, 'utf8');
    const minted = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);
    expect(minted).toMatchObject([
      { app: 'demo', kind: 'api_key', name: 'worker', value: expect.stringMatching(/^alter_key_app_/) },
      { app: 'demo', kind: 'webhook_secret', name: 'ops', value: expect.stringMatching(/^whsec_/) },
    ]);
    const key = minted[0]?.value ?? '';
    expect((await fetch(`${url}/sdk/scopes`, signCall(key, 'GET', '/sdk/scopes'))).status).toBe(200);
    first.process.kill('SIGTERM');
    const { stdout, stderr } = await first.end();
    expect(stdout).toContain(path);
    for (const { value = '' } of minted) expect(stdout + stderr).not.toContain(value);
    const lines = stdout
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('ready '));
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('level');

    const again = start(environment);
    await again.ready();
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('K4: without a key there is no start in production, and the message makes one', async () => {
    const { environment } = prepare({ ALTER_VAULT_ENV: 'production' });
    const { code, stderr } = await run(environment);
    expect(code).toBe(78);
    expect(stderr).toContain('openssl rand -base64 32');
  });

  it('K4: a root key that is not that of the data is refused before any write', async () => {
    const { environment } = prepare({ ALTER_VAULT_ROOT_KEY: Buffer.alloc(32, 1).toString('base64') });
    const server = start(environment);
    await server.ready();
    server.process.kill('SIGTERM');
    expect((await server.end()).code).toBe(0);
    const wrong = Buffer.alloc(32, 2).toString('base64');
    const { code, stderr } = await run({ ...environment, ALTER_VAULT_ROOT_KEY: wrong });
    expect(code).toBe(78);
    expect(stderr).not.toContain(wrong);
  });

  it('bad and unknown variables end the start with exit code 78 and one line each', async () => {
    const { environment } = prepare({ PORT: 'many', ALTER_VAULT_SURPRISE: '1' });
    const { code, stderr } = await run(environment);
    expect(code).toBe(78);
    expect(
      stderr
        .trim()
        .split('\n')
        .map((line) => line.split(':')[0]),
    ).toEqual(['ALTER_VAULT_SURPRISE', 'PORT']);
  });

  it('a refused file ends the start with exit code 78 and the place, never the value', async () => {
    const { environment, config } = prepare({ DEMO_KEY: 'not-a-key-but-secret' });
    const { code, stderr } = await run(environment);
    expect(code).toBe(78);
    expect(stderr).toContain(`${config}: apps[0].api_keys[0].value: `);
    expect(stderr).not.toContain('not-a-key-but-secret');
  });

  it('a port in use ends the start with exit code 78', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { environment } = prepare({ PORT: String((blocker.address() as AddressInfo).port) });
    const { code, stderr } = await run(environment);
    blocker.close();
    expect(code).toBe(78);
    expect(stderr).toContain('PORT');
  });

  it('F6: a second server on the same data directory is refused with a clear message', async () => {
    const { environment } = prepare();
    await start(environment).ready();
    const { code, stderr } = await run(environment);
    expect(code).toBe(1);
    expect(stderr).toContain('already runs on the data directory');
  });

  it('--help prints every variable', async () => {
    const { code, stdout } = await run({}, ['--help']);
    expect(code).toBe(0);
    for (const name of ['PORT', 'DATABASE_URL', 'ALTER_VAULT_ROOT_KEY', 'ALTER_VAULT_TRUSTED_PROXIES']) {
      expect(stdout).toContain(name);
    }
  });
});

describe('stop', { timeout: 60_000 }, () => {
  it('F3: SIGTERM turns readiness false, lets an accepted request finish, and ends with exit code 0', async () => {
    const { environment } = prepare();
    const server = start(environment);
    const url = await server.ready();
    const path = '/sdk/grants/list';
    const signed = signCall(apiKey, 'POST', path, { body: '{}' });
    // The request is accepted: its head is there, its body not yet.
    const slow = request(`${url}${path}`, {
      method: 'POST',
      headers: { ...(signed.headers as Record<string, string>), 'Content-Length': '2' },
    });
    const answered = new Promise<number>((resolve, reject) => {
      slow.once('response', (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      slow.once('error', reject);
    });
    slow.flushHeaders();
    slow.write('{');
    await fetch(`${url}/healthz`);
    server.process.kill('SIGTERM');
    let status = 200;
    while (status === 200) status = (await fetch(`${url}/readyz`)).status;
    expect(status).toBe(503);
    slow.end('}');
    expect(await answered).toBe(200);
    expect((await server.end()).code).toBe(0);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  it('T1: a nonce stays spent over a restart, also after kill -9', async () => {
    const { environment } = prepare();
    const first = start(environment);
    const nonce = 'ab112233445566778899aabbccddeeff';
    const call = signCall(apiKey, 'GET', '/sdk/scopes', { nonce });
    expect((await fetch(`${await first.ready()}/sdk/scopes`, call)).status).toBe(200);
    first.process.kill('SIGKILL');
    await first.end();
    const second = start(environment);
    const again = await fetch(`${await second.ready()}/sdk/scopes`, call);
    expect(await again.json()).toMatchObject({ error: 'nonce_reused' });
  });

  it('K7: at log level debug no secret of a request reaches the log', async () => {
    const { environment } = prepare({ ALTER_VAULT_LOG_LEVEL: 'debug' });
    const server = start(environment);
    const url = await server.ready();
    await fetch(`${url}/oauth/callback?code=secret-code&state=secret-state`);
    const body = JSON.stringify({ token: 'secret-user-token' });
    await fetch(`${url}/sdk/auth/verify-token`, signCall(apiKey, 'POST', '/sdk/auth/verify-token', { body }));
    server.process.kill('SIGINT');
    const { code, stdout, stderr } = await server.end();
    expect(code).toBe(0);
    expect(stdout).toContain('verifyUserToken');
    expect(stdout + stderr).not.toMatch(/secret-|alter_rk_abcdefghij/);
  });
});
