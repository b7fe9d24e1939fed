import type { Row } from '../row.js';
import { formatPower, type GrownSetup } from '../seeding/grown-setup.js';
import { prepareCalls } from '../setup/vault-setup.js';
import { findRatio, type LoadSide, loadInTurn } from './retrieve.js';

/** M6: M1 for random grants of vaults that hold much, against the smallest; all in turn. */
export async function measureGrowth(
  grown: readonly GrownSetup[],
  plan: { rounds: number; seconds: number },
): Promise<Row[]> {
  const [smallest] = grown;
  if (smallest === undefined) return [];
  const running = await Promise.all(grown.map((one) => one.startServer()));
  try {
    const sides = grown.map((one, index): LoadSide => {
      const server = running[index];
      return {
        name: describeSize(one),
        servers: server ? [server] : [],
        prepare: (count) => prepareCalls(one.setup, count, one.pickGrant),
      };
    });
    const figures = await loadInTurn(sides, { ...plan, folder: smallest.setup.folder });
    const base = figures(describeSize(smallest));
    return grown.slice(1).map((one) => {
      const side = figures(describeSize(one));
      return {
        id: 'M6',
        work: `M1 with ${describeSize(one)} (${side.failed + base.failed} failed)`,
        measured: `${Math.round(side.perSecond)}/s`,
        compared: `${describeSize(smallest)}: ${Math.round(base.perSecond)}/s`,
        ratio: findRatio(side, base).toFixed(2),
        target: 'at least 0.9',
      };
    });
  } finally {
    for (const { server } of running) await server.stop();
  }
}

function describeSize({ size }: GrownSetup): string {
  return `${formatPower(size.grants)} grants, ${formatPower(size.records)} records`;
}
