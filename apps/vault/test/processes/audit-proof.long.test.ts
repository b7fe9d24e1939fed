import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeFolder, type RunningProgram, startProgram } from './server-process.js';

describe('alter audit: checkpoints, receipts and retention', { timeout: 120_000 }, () => {
  const folder = makeFolder();
  const path = (name: string) => join(folder.path, name);
  const environment = (dataDir: string) => ({
    PORT: '0',
    ALTER_VAULT_ENV: 'development',
    ALTER_VAULT_DATA_DIR: path(dataDir),
  });
  const alter = (args: string[], dataDir = 'data') =>
    startProgram('cli/main.js', environment(dataDir), ['audit', ...args]).end();
  /** Without anything of the vault's around it. */
  const alone = (...args: string[]) => startProgram('cli/main.js', {}, ['audit', ...args]).end();
  let server: RunningProgram | undefined;
  afterAll(async () => {
    server?.process.kill('SIGTERM');
    await server?.end();
    folder.remove();
  });

  it('A3: what is kept elsewhere proves records and finds a rollback, beside a server and without one', async () => {
    server = startProgram('main.js', environment('data'));
    await server.ready();
    const kept = await alter(['checkpoint']);
    expect([kept.code, kept.stderr]).toEqual([0, '']);
    writeFileSync(path('checkpoint.json'), kept.stdout);
    writeFileSync(path('key.pem'), (await alter(['public-key'])).stdout);
    expect(readFileSync(path('key.pem'), 'utf8')).toContain('BEGIN PUBLIC KEY');
    const key = JSON.parse((await alter(['public-key', '--json'])).stdout).x as string;

    const exported = await alter(['export']);
    writeFileSync(path('export.jsonl'), exported.stdout);
    const withKept = ['--checkpoint', path('checkpoint.json'), '--key', path('key.pem')];
    const whole = await alone('verify', '--file', path('export.jsonl'), ...withKept);
    expect([whole.code, whole.stderr]).toEqual([0, '']);
    expect(whole.stdout).toMatch(
      /^intact: \d+ records in \d+ chains?\ncheckpoints: 1, newest 1 of .*; 1 record newer/,
    );
    writeFileSync(path('cut.jsonl'), exported.stdout.split('\n').slice(1).join('\n'));
    const cut = await alone('verify', '--file', path('cut.jsonl'), ...withKept, '--json');
    expect([cut.code, JSON.parse(cut.stdout).faults[0]?.reason]).toEqual([1, 'beginning_missing']);
    expect(cut.stderr).toMatch(/^record 1 of chain \S+: is missing/);

    const [first] = exported.stdout.split('\n').map((line) => line && JSON.parse(line).id);
    const last = exported.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id)
      .at(-1);
    const pending = await alter(['receipt', last]);
    expect([pending.code, pending.stderr]).toEqual([1, expect.stringContaining('one is made every minute')]);
    expect((await alter(['receipt', 'nothing'])).code).toBe(4);
    for (const args of [[first], [last, '--now']]) {
      const receipt = await alter(['receipt', ...args]);
      expect(receipt.code).toBe(0);
      writeFileSync(path('receipt.json'), receipt.stdout);
      const valid = await alone('verify-receipt', path('receipt.json'), '--key', key);
      expect([valid.code, valid.stdout]).toEqual([0, expect.stringContaining(`valid: record ${args[0]}`)]);
    }
    writeFileSync(
      path('receipt.json'),
      readFileSync(path('receipt.json'), 'utf8').replace('operator', 'operatoR'),
    );
    const changed = await alone('verify-receipt', path('receipt.json'), '--key', key);
    expect([changed.code, changed.stderr]).toEqual([1, expect.stringContaining('the record was changed')]);
    expect((await alone('verify-receipt', path('nothing'), '--key', key)).code).toBe(1);
    expect((await alone('verify-receipt', path('receipt.json'), '--key', 'nonsense')).code).toBe(2);
    expect((await alone('verify', '--file', path('cut.jsonl'), '--key', key)).code).toBe(2);

    server.process.kill('SIGTERM');
    await server.end();
    cpSync(path('data'), path('earlier'), { recursive: true });
    // A stop leaves nothing without a checkpoint.
    expect((await alter(['verify'])).stdout).not.toContain('newer');
    server = startProgram('main.js', environment('data'));
    await server.ready();
    writeFileSync(path('later.json'), (await alter(['checkpoint', '--all'])).stdout);
    expect((await alter(['verify', '--checkpoint', path('later.json'), '--key', key])).code).toBe(0);
    const rolledBack = await alter(['verify', '--checkpoint', path('later.json')], 'earlier');
    expect([rolledBack.code, rolledBack.stderr]).toEqual([1, expect.stringContaining('it was rolled back')]);
    expect((await alter(['verify', '--checkpoint', path('checkpoint.json')], 'earlier')).code).toBe(0);
  });

  it('A5: retention is set by the file, kept sealed, and exported', async () => {
    const apply = async (content: string, ...more: string[]) => {
      writeFileSync(path('vault.yaml'), content);
      return startProgram('cli/main.js', environment('data'), [
        'apply',
        '-f',
        path('vault.yaml'),
        '--yes',
        ...more,
      ]).end();
    };
    const exported = async () =>
      (await startProgram('cli/main.js', environment('data'), ['export']).end()).stdout;
    expect((await apply('{ version: 1, audit: { retention_months: 6 }, apps: [] }')).stdout).toContain(
      'retention_months',
    );
    expect(await exported()).toContain('retention_months: 6');
    expect((await apply('{ version: 1, audit: { retention_months: 6 }, apps: [] }')).stdout).toContain(
      'nothing to change',
    );
    expect((await apply('{ version: 1, apps: [] }')).stdout).toContain('nothing to change');
    expect((await apply('{ version: 1, audit: { retention_months: 0 }, apps: [] }')).stderr).toContain(
      'audit.retention_months',
    );
    await apply('{ version: 1, apps: [] }', '--prune');
    expect(await exported()).not.toContain('retention_months');
    expect((await alter(['search', '--kind', 'settings.applied', '--json'])).stdout).toContain(
      '"retention_months":6',
    );
  });
});
