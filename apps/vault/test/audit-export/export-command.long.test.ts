import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, type RunningProgram, startProgram } from '../processes/server-process.js';

describe.each(['beside a running server', 'on a closed database'])('alter audit export, %s', (mode) => {
  const folder = makeFolder();
  const config = join(folder.path, 'vault.yaml');
  const environment = {
    PORT: '0',
    ALTER_VAULT_ENV: 'development',
    ALTER_VAULT_DATA_DIR: join(folder.path, 'data'),
  };
  let server: RunningProgram | undefined;
  const alter = (...args: string[]) => startProgram('cli/main.js', environment, args).end();
  beforeAll(async () => {
    writeFileSync(
      config,
      'version: 1\napps: [{ slug: demo, name: "=HYPERLINK(1)", api_keys: [{ name: "@a" }] }]\n',
    );
    if (mode === 'beside a running server') {
      server = startProgram('main.js', environment);
      await server.ready();
    }
    expect((await alter('apply', '-f', config, '--yes')).code).toBe(0);
  }, 60_000);
  afterAll(async () => {
    server?.process.kill('SIGTERM');
    await server?.end();
    folder.remove();
  });

  it('A7: writes JSON Lines that verify, and CSV, to the output or into a file of one’s own', async () => {
    const lines = join(folder.path, 'audit.jsonl');
    const exported = await alter('audit', 'export', '--output', lines);
    expect([exported.code, exported.stdout, exported.stderr]).toEqual([0, '', '']);
    expect(statSync(lines).mode & 0o777).toBe(0o600);
    expect((await alter('audit', 'verify', '--file', lines)).code).toBe(0);
    expect(readFileSync(lines, 'utf8')).toContain('"kind":"audit.exported"');

    const csv = await alter('audit', 'export', '--format', 'csv', '--kind', 'settings.applied');
    const [head, row, ...rest] = csv.stdout.split('\r\n');
    expect(head).toMatch(/^at,kind,outcome,/);
    expect(row).toContain(',settings.applied,ok,');
    expect(rest).toEqual(['']);
    const none = await alter('audit', 'export', '--format', 'csv', '--to', '2020-01-01T00:00:00Z');
    expect(none.stdout.trim().split('\r\n')).toHaveLength(1);
  }, 60_000);

  it.runIf(mode === 'beside a running server')(
    'says what is wrong with its options, and leaves no half a file',
    async () => {
      const nowhere = join(folder.path, 'missing', 'audit.csv');
      const unknown = join(folder.path, 'unknown.jsonl');
      const [format, time, twice, unwritable, noApp] = await Promise.all([
        alter('audit', 'export', '--format', 'xml'),
        alter('audit', 'export', '--from', 'yesterday'),
        alter('audit', 'export', '--to', '2026-01-01', '--until', '2026-01-01'),
        alter('audit', 'export', '--output', nowhere),
        alter('audit', 'export', '--app', 'nobody', '--output', unknown),
      ]);
      expect([format.code, time.code, twice.code, unwritable.code, noApp.code]).toEqual([2, 2, 2, 1, 4]);
      expect(unwritable.stderr).toContain('cannot be written (ENOENT)');
      expect([existsSync(unknown), existsSync(`${unknown}.partial`)]).toEqual([false, false]);
    },
    60_000,
  );
});
