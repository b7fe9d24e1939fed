import { findMedian } from '../../median.js';
import type { Row } from '../../row.js';
import { formatPower, type GrownSetup } from '../../seeding/grown-setup.js';
import { startEcho } from '../../setup/echo.js';
import { startVaultServer, type VaultSetup } from '../../setup/vault-setup.js';

/**
 * M9: from the start of the process to ready, on a vault that exists already, empty or large; beside the bare echo's own start, in
 * turn. No server may run on them.
 */
export async function measureStart(
  empty: VaultSetup,
  grown: readonly GrownSetup[],
  rounds: number,
): Promise<Row[]> {
  const startOnce = async (start: () => ReturnType<typeof startEcho>) => {
    const { server } = await start();
    await server.stop();
    return server.readyMs;
  };
  const sides = [
    { name: 'empty database', start: () => startVaultServer(empty.environment) },
    ...grown.map((one) => ({
      name: `${formatPower(one.size.grants)} grants, ${formatPower(one.size.records)} records`,
      start: one.startServer,
    })),
  ];
  const times = new Map<string, number[]>(sides.map(({ name }) => [name, []]));
  const echoTimes: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, start } of sides) times.get(name)?.push(await startOnce(start));
    echoTimes.push(await startOnce(startEcho));
  }
  const echoMs = findMedian(echoTimes);
  return [...times].map(([name, values]) => ({
    id: 'M9',
    work: `start to ready, ${name}`,
    measured: `${Math.round(findMedian(values))} ms`,
    compared: `echo ${Math.round(echoMs)} ms`,
    ratio: (findMedian(values) / echoMs).toFixed(2),
    target: 'under 700 ms',
  }));
}
