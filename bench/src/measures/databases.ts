import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Row } from '../row.js';
import { startEcho } from '../setup/echo.js';
import { prepareCalls, startVaultServer, startVaultSetup, type VaultSetup } from '../setup/vault-setup.js';
import { findRatio, type LoadFigures, type LoadSide, loadInTurn } from './retrieve.js';

/**
 * M1 and M2: `/sdk/token` with every guarantee on, against a bare Hono echo of the same sizes; on SQLite, on PostgreSQL, and on
 * PostgreSQL with two processes. All sides in turn.
 */
export async function measureDatabases(plan: {
  rounds: number;
  seconds: number;
  /** Undefined: M2 is left out. */
  databaseUrl: string | undefined;
}): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'alter-bench-load-'));
  const echo = await startEcho();
  const sqlite = await startVaultSetup();
  const postgres =
    plan.databaseUrl === undefined ? undefined : await startVaultSetup({ databaseUrl: plan.databaseUrl });
  const second = postgres && (await startSecond(postgres, folder));
  try {
    const prepare = (setup: VaultSetup) => (count: number) => prepareCalls(setup, count);
    const sides: LoadSide[] = [
      { name: 'sqlite', servers: [sqlite], prepare: prepare(sqlite) },
      { name: 'echo', servers: [echo], prepare: prepare(sqlite) },
      ...(postgres && second
        ? [
            { name: 'postgres', servers: [postgres], prepare: prepare(postgres) },
            { name: 'two processes', servers: [postgres, second], prepare: prepare(postgres) },
          ]
        : []),
    ];
    const figures = await loadInTurn(sides, { ...plan, folder });
    return [
      ...describeM1(figures('sqlite'), figures('echo')),
      ...(postgres ? describeM2(figures('sqlite'), figures('postgres'), figures('two processes')) : []),
    ];
  } finally {
    await second?.server.stop();
    await postgres?.close();
    await sqlite.close();
    await echo.server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function startSecond(setup: VaultSetup, folder: string) {
  const dataDir = join(folder, `data-${randomBytes(4).toString('hex')}`);
  return startVaultServer({ ...setup.environment, ALTER_VAULT_DATA_DIR: dataDir });
}

function describeM1(vault: LoadFigures, echo: LoadFigures): Row[] {
  return [
    {
      id: 'M1',
      work: `retrieve, requests/s (${vault.generator}, 50 connections, ${vault.failed} failed)`,
      measured: `${Math.round(vault.perSecond)}/s`,
      compared: `echo ${Math.round(echo.perSecond)}/s`,
      ratio: findRatio(vault, echo).toFixed(3),
      target: 'at least 0.60',
    },
    {
      id: 'M1',
      work: 'retrieve, CPU seconds per 1,000 requests',
      measured: vault.cpuMsPerRequest.toFixed(3),
      compared: `echo ${echo.cpuMsPerRequest.toFixed(3)}`,
      ratio: findRatio(vault, echo, 'cpuMsPerRequest').toFixed(2),
      target: 'at most 1.7',
    },
  ];
}

function describeM2(sqlite: LoadFigures, one: LoadFigures, two: LoadFigures): Row[] {
  return [
    {
      id: 'M2',
      work: `retrieve on PostgreSQL, one process, requests/s (${one.failed} failed)`,
      measured: `${Math.round(one.perSecond)}/s`,
      compared: `M1 ${Math.round(sqlite.perSecond)}/s`,
      ratio: findRatio(one, sqlite).toFixed(2),
      target: 'at least 0.5',
    },
    {
      id: 'M2',
      work: `the same over two processes, CPU seconds per 1,000 requests (${two.failed} failed)`,
      measured: `${two.cpuMsPerRequest.toFixed(3)} (${Math.round(two.perSecond)}/s)`,
      compared: `one process ${one.cpuMsPerRequest.toFixed(3)}`,
      ratio: findRatio(two, one, 'cpuMsPerRequest').toFixed(2),
      target: 'at most 1.15',
    },
  ];
}
