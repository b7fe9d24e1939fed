import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, startProgram } from './server-process.js';

describe('alter secrets and grants, for people', { timeout: 90_000 }, () => {
  const folder = makeFolder();
  const environment = {
    ALTER_VAULT_ENV: 'development',
    ALTER_VAULT_DATA_DIR: join(folder.path, 'data'),
    LOYALTY_KEY: 'a-key-of-the-loyalty-service',
  };
  const alter = (...args: string[]) => startProgram('cli/main.js', environment, args).end();
  beforeAll(async () => {
    const config = join(folder.path, 'vault.yaml');
    writeFileSync(config, 'version: 1\napps: [{ slug: demo, name: Demo }]\n');
    expect((await alter('apply', '-f', config, '--yes')).code).toBe(0);
  }, 60_000);
  afterAll(() => folder.remove());

  it('add names the option that is missing, list the id, and a grant that is revoked already is called so', async () => {
    const incomplete = await alter('secrets', 'add', 'loyalty', '--kind', 'api_key');
    expect(incomplete.code).toBe(2);
    expect(incomplete.stderr.trim().split('\n').sort()).toEqual([
      expect.stringMatching(/^--header is needed/),
      expect.stringMatching(/^--host is needed/),
    ]);
    const place = ['--header', 'X-Loyalty-Key', '--host', 'api.loyalty.example.com'];
    const added = await alter('secrets', 'add', 'loyalty', '--kind', 'api_key', ...place, '--json');
    const { managed_secret_id: secretId } = JSON.parse(added.stdout) as { managed_secret_id: string };
    expect((await alter('secrets', 'list')).stdout).toContain(secretId);

    const stored = await alter('secrets', 'store', 'loyalty', '--env', 'LOYALTY_KEY', '--json');
    const { grants } = JSON.parse(stored.stdout) as { grants: { grant_id: string }[] };
    const grantId = grants[0]?.grant_id ?? '';
    expect((await alter('grants', 'revoke', grantId)).code).toBe(0);
    const again = await alter('grants', 'revoke', grantId);
    expect([again.code, again.stderr]).toEqual([5, 'This grant is revoked already.\n']);
  });

  it('store says in its help how several fields are given; --version is that of the program', async () => {
    const help = await alter('secrets', 'store', '--help');
    expect([help.code, help.stdout]).toEqual([
      0,
      expect.stringContaining('{"username": "…", "password": "…"}'),
    ]);
    expect(await alter('--version')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});
