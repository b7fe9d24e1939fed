import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChildServer, findFreePort, startChild } from '../child-server.js';
import { runLoad } from '../load.js';
import type { Row } from '../row.js';
import { prepareCalls, type VaultSetup } from '../vault-setup.js';

const here = dirname(fileURLToPath(import.meta.url));
const median = (values: number[]) =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;

interface Side {
  readonly perSecond: number;
  readonly cpuMsPerRequest: number;
  readonly failed: number;
}

async function measure(
  server: ChildServer,
  url: string,
  call: { body: string; prepared: { headers: Record<string, string> }[] },
  folder: string,
  seconds: number,
): Promise<Side & { generator: string }> {
  const cpuBefore = server.cpuSeconds();
  const result = await runLoad({
    url,
    body: call.body,
    prepared: call.prepared,
    connections: 50,
    seconds,
    folder,
  });
  const cpu = server.cpuSeconds() - cpuBefore;
  return {
    generator: result.generator,
    perSecond: result.perSecond,
    cpuMsPerRequest: (cpu * 1000) / Math.max(1, result.requests),
    failed: result.failed,
  };
}

/** M1: `/sdk/token` with every guarantee on, against a bare echo of the same sizes; both sides in turn. */
export async function measureRetrieve(setup: VaultSetup, rounds: number, seconds: number): Promise<Row[]> {
  const port = await findFreePort();
  const echo = await startChild(join(here, '..', 'echo-server.js'), port, { ANSWER_BYTES: '700' });
  const vaultSides: Side[] = [];
  const echoSides: Side[] = [];
  let generator = '';
  try {
    for (let round = 0; round < rounds; round++) {
      const call = prepareCalls(setup, seconds * 30_000);
      const vault = await measure(setup.server, `${setup.url}/sdk/token`, call, setup.folder, seconds);
      const bare = await measure(echo, `http://127.0.0.1:${port}/sdk/token`, call, setup.folder, seconds);
      generator = vault.generator;
      // The first round warms both sides up.
      if (round === 0) continue;
      vaultSides.push(vault);
      echoSides.push(bare);
    }
  } finally {
    await echo.stop();
  }
  const failed = vaultSides.reduce((sum, side) => sum + side.failed, 0);
  const rate = median(vaultSides.map((side, index) => side.perSecond / (echoSides[index]?.perSecond ?? 1)));
  const cpu = median(
    vaultSides.map((side, index) => side.cpuMsPerRequest / (echoSides[index]?.cpuMsPerRequest ?? 1)),
  );
  const perSecond = Math.round(median(vaultSides.map((side) => side.perSecond)));
  const echoPerSecond = Math.round(median(echoSides.map((side) => side.perSecond)));
  return [
    {
      id: 'M1',
      work: `retrieve, requests/s (${generator}, 50 connections, ${failed} failed)`,
      measured: `${perSecond}/s`,
      compared: `echo ${echoPerSecond}/s`,
      ratio: rate.toFixed(3),
      target: 'at least 0.60',
    },
    {
      id: 'M1',
      work: 'retrieve, CPU seconds per 1,000 requests',
      measured: median(vaultSides.map((side) => side.cpuMsPerRequest)).toFixed(3),
      compared: `echo ${median(echoSides.map((side) => side.cpuMsPerRequest)).toFixed(3)}`,
      ratio: cpu.toFixed(2),
      target: 'at most 1.7',
    },
  ];
}
