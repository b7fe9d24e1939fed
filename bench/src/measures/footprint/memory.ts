import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runLoad } from '../../load.js';
import type { Row } from '../../row.js';
import type { ChildServer } from '../../setup/child-server.js';
import { startEcho } from '../../setup/echo.js';
import { prepareCalls, startVaultServer, startVaultSetup } from '../../setup/vault-setup.js';

const sampleMs = 100;
const restMs = 3_000;

/** M10: resident memory at rest and under the load of M1, beside the echo's; and between a first number of calls and a later one. */
export async function measureMemory(plan: {
  firstCalls: number;
  laterCalls: number;
  seconds: number;
}): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'alter-bench-memory-'));
  const setup = await startVaultSetup();
  const echo = await startEcho();
  try {
    await setup.server.stop();
    const { server, url } = await startVaultServer(setup.environment);
    try {
      await new Promise((resolve) => setTimeout(resolve, restMs));
      const restMiB = server.residentMiB();
      const load = async (target: { server: ChildServer; url: string }) => {
        const prepared = prepareCalls(setup, plan.seconds * 16_000);
        let mostMiB = 0;
        const sampling = setInterval(() => {
          mostMiB = Math.max(mostMiB, target.server.residentMiB());
        }, sampleMs);
        const options = { prepared, connections: 50, seconds: plan.seconds, folder };
        const { requests } = await runLoad({ url: `${target.url}/sdk/token`, ...options });
        clearInterval(sampling);
        return { requests, mostMiB };
      };
      const vaultLoad = await load({ server, url });
      const echoLoad = await load(echo);
      let calls = vaultLoad.requests;
      const loadUntil = async (wanted: number) => {
        let mostMiB = 0;
        while (calls < wanted) {
          const round = await load({ server, url });
          calls += round.requests;
          mostMiB = round.mostMiB;
        }
        return { calls, mostMiB: mostMiB === 0 ? server.residentMiB() : mostMiB };
      };
      const first = await loadUntil(plan.firstCalls);
      const later = await loadUntil(plan.laterCalls);
      return [
        {
          id: 'M10',
          work: 'memory at rest',
          measured: `${restMiB.toFixed(0)} MiB`,
          compared: '',
          ratio: '',
          target: 'under 120 MiB',
        },
        {
          id: 'M10',
          work: 'memory under the load of M1, most',
          measured: `${vaultLoad.mostMiB.toFixed(0)} MiB`,
          compared: `echo ${echoLoad.mostMiB.toFixed(0)} MiB`,
          ratio: (vaultLoad.mostMiB / echoLoad.mostMiB).toFixed(2),
          target: 'at most 1.6',
        },
        {
          id: 'M10',
          work: `memory after ${later.calls} calls`,
          measured: `${later.mostMiB.toFixed(0)} MiB`,
          compared: `after ${first.calls} calls ${first.mostMiB.toFixed(0)} MiB`,
          ratio: (later.mostMiB / first.mostMiB).toFixed(2),
          target: 'no growth',
        },
      ];
    } finally {
      await server.stop();
    }
  } finally {
    await echo.server.stop();
    await setup.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
