import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFreePort, startChild } from '../child-server.js';
import type { Row } from '../row.js';

const here = dirname(fileURLToPath(import.meta.url));
const vaultFile = join(here, '..', '..', '..', 'apps', 'vault', 'dist', 'main.js');
const median = (values: number[]) =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;

/** M9: from the start of the process to ready, on an empty database that exists already; beside the bare echo's own start. */
export async function measureStart(rounds: number): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'alter-bench-start-'));
  const vaultTimes: number[] = [];
  const echoTimes: number[] = [];
  try {
    for (let round = 0; round <= rounds; round++) {
      const vault = await startChild(vaultFile, await findFreePort(), {
        HOST: '127.0.0.1',
        ALTER_VAULT_ENV: 'development',
        ALTER_VAULT_DATA_DIR: folder,
        ALTER_VAULT_LOG_LEVEL: 'warn',
      });
      await vault.stop();
      const echo = await startChild(join(here, '..', 'echo-server.js'), await findFreePort(), {});
      await echo.stop();
      // The first round makes the database.
      if (round === 0) continue;
      vaultTimes.push(vault.readyMs);
      echoTimes.push(echo.readyMs);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return [
    {
      id: 'M9',
      work: 'start to ready, empty database',
      measured: `${Math.round(median(vaultTimes))} ms`,
      compared: `echo ${Math.round(median(echoTimes))} ms`,
      ratio: (median(vaultTimes) / median(echoTimes)).toFixed(2),
      target: 'under 700 ms',
    },
  ];
}
