import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, type RunningProgram, startProgram } from './server-process.js';
import { signCall } from './sign.js';

const apiKey = 'alter_rk_abcdefghijklmnopqrstuv_iwpykn';
const yaml = (name: string) => `version: 1
apps:
  - slug: demo
    name: ${name}
    api_keys:
      - { name: backend, value: { env: DEMO_KEY } }
      - { name: minted }
    providers:
      - { id: google, client_id: g, client_secret: { file: secret.txt } }
`;

describe.each(['beside a running server', 'on its own'])('alter, %s', { timeout: 90_000 }, (mode) => {
  const folder = makeFolder();
  const config = join(folder.path, 'vault.yaml');
  const environment = {
    PORT: '0',
    ALTER_VAULT_ENV: 'development',
    ALTER_VAULT_DATA_DIR: join(folder.path, 'data'),
    DEMO_KEY: apiKey,
  };
  let server: RunningProgram | undefined;
  let url = '';
  beforeAll(async () => {
    writeFileSync(config, yaml('Demo'));
    writeFileSync(join(folder.path, 'secret.txt'), 'google-secret\n');
    if (mode === 'on its own') return;
    server = startProgram('main.js', environment);
    url = await server.ready();
  }, 60_000);
  afterAll(async () => {
    server?.process.kill('SIGTERM');
    await server?.end();
    folder.remove();
  });

  const alter = (...args: string[]) => startProgram('cli/main.js', environment, args).end();

  it('F6: apply prints the plan, --yes does it and prints a made key once, and a second time changes nothing', async () => {
    const plan = await alter('apply', '-f', config);
    expect(plan.code).toBe(0);
    expect(plan.stdout).toContain('create');
    expect(plan.stdout).toContain('--yes');
    expect(JSON.parse((await alter('keys', 'list', '--json')).stdout)).toEqual({ keys: [] });

    const applied = await alter('apply', '-f', config, '--yes', '--json');
    const { apps } = JSON.parse(applied.stdout);
    expect(apps).toMatchObject([{ slug: 'demo', api_keys: [{ name: 'backend' }, { name: 'minted' }] }]);
    expect(apps[0].api_keys[0]).not.toHaveProperty('value');
    expect(apps[0].api_keys[1].value).toMatch(/^alter_key_app_/);
    if (url)
      expect((await fetch(`${url}/sdk/scopes`, signCall(apiKey, 'GET', '/sdk/scopes'))).status).toBe(200);

    const again = await alter('apply', '-f', config, '--yes');
    expect([again.code, again.stdout.trim()]).toEqual([0, 'nothing to change']);
  });

  it('export gives a file without secrets; doctor, providers and keys tell what there is', async () => {
    const exported = await alter('export');
    expect(exported.stdout).toContain('DEMO_GOOGLE_CLIENT_SECRET');
    expect(exported.stdout).not.toContain('google-secret');
    const doctor = await alter('doctor', '--json');
    expect(doctor.code).toBe(0);
    const { checks } = JSON.parse(doctor.stdout) as { checks: { name: string; status: string }[] };
    expect(checks.map((check) => check.name)).toEqual(
      expect.arrayContaining(['database', 'clock', 'keys', 'redirect uri', 'demo/google', 'audit']),
    );
    expect(checks.filter((check) => check.status === 'failed')).toEqual([]);
    expect((await alter('providers')).stdout).toMatch(/redirect URI.*\/oauth\/callback/);
    expect((await alter('keys', 'list')).stdout).toContain('backend');
  });

  it('audit tail, export and verify; a changed line of an export is found', async () => {
    expect((await alter('audit', 'tail')).stdout).toContain('settings.applied');
    const exported = await alter('audit', 'export', '--format', 'jsonl');
    const lines = exported.stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).kind)).toContain('key.minted');
    expect((await alter('audit', 'verify')).code).toBe(0);
    const path = join(folder.path, 'export.jsonl');
    writeFileSync(path, exported.stdout);
    expect((await alter('audit', 'verify', '--file', path)).code).toBe(0);
    writeFileSync(path, readFileSync(path, 'utf8').replace('settings.applied', 'settings.appliex'));
    const tampered = await alter('audit', 'verify', '--file', path);
    expect(tampered.code).toBe(1);
    expect(tampered.stderr).toMatch(/record \d+/);
  });

  it.runIf(mode === 'on its own')('exit codes: 1 refused, 2 usage, 4 not found', async () => {
    const refused = join(folder.path, 'refused.yaml');
    writeFileSync(refused, yaml('Demo').replace('slug: demo', 'slug: De Mo'));
    const failure = await alter('apply', '-f', refused, '--yes');
    expect(failure.code).toBe(1);
    expect(failure.stderr).toContain('apps[0].slug');
    expect((await alter('nonsense')).code).toBe(2);
    expect((await alter('apply')).code).toBe(2);
    expect((await alter('grants', 'revoke', 'nothing')).code).toBe(4);
    expect((await alter('grants', 'list', '--app', 'nobody')).code).toBe(4);
    expect((await alter('--help')).code).toBe(0);
  });
});
