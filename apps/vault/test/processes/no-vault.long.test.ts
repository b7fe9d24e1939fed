import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isApiKeyFormat } from '@alter-ai/core-crypto';
import { afterAll, expect, it } from 'vitest';
import { describeBothDatabases } from '../harness.js';
import { runStatement } from '../run-statement.js';
import { makeFolder, startProgram } from './server-process.js';

describeBothDatabases('alter where there is no vault', (kind) => {
  const folder = makeFolder();
  const database = `alter_none_${randomBytes(6).toString('hex')}`;
  const dataDir = join(folder.path, 'data');
  const environment: Record<string, string> = {
    ALTER_VAULT_ENV: 'development',
    ALTER_VAULT_DATA_DIR: dataDir,
  };
  const alter = (...args: string[]) => startProgram('cli/main.js', environment, args).end();
  afterAll(async () => {
    if (kind === 'postgres') await runStatement(`drop database if exists ${database} with (force)`);
    folder.remove();
  });

  it('a command says so, with the place it looked at, and makes nothing; apply begins one, which doctor then finds', async () => {
    if (kind === 'postgres') {
      await runStatement(`create database ${database}`);
      const url = new URL(process.env.DATABASE_URL ?? '');
      url.pathname = `/${database}`;
      environment.DATABASE_URL = url.href;
    }
    for (const args of [['doctor'], ['keys', 'list'], ['backup', join(folder.path, 'copy')]]) {
      const { code, stdout, stderr } = await alter(...args);
      expect([code, stdout]).toEqual([4, '']);
      expect(stderr).toMatch(/^There is no vault in /);
      expect(stderr).toContain(kind === 'sqlite' ? dataDir : 'DATABASE_URL');
    }
    const generated = await alter('keys', 'generate');
    expect([generated.code, isApiKeyFormat(generated.stdout.trim())]).toEqual([0, true]);
    expect(readdirSync(folder.path)).toEqual([]);
    if (environment.DATABASE_URL) {
      const tables = await runStatement<{ n: number }>(
        "select count(*)::int as n from pg_tables where schemaname = 'public'",
        environment.DATABASE_URL,
      );
      expect(tables[0]?.n).toBe(0);
    }

    const config = join(folder.path, 'vault.yaml');
    writeFileSync(config, 'version: 1\napps: [{ slug: demo, name: Demo }]\n');
    expect((await alter('apply', '-f', config, '--yes')).code).toBe(0);
    const doctor = await alter('doctor');
    expect([doctor.code, doctor.stderr]).toEqual([0, '']);
    expect(doctor.stdout).toContain(`data directory: ${dataDir}\n`);
    expect(existsSync(join(dataDir, 'root.key'))).toBe(true);
  }, 60_000);
});
