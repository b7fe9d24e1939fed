import { type PreparedRequest, runLoad } from '../load.js';
import { findMedian } from '../median.js';
import type { ChildServer } from '../setup/child-server.js';

const connections = 50;

/** One side of a comparison: servers that share the load, and the requests they get. */
export interface LoadSide {
  readonly name: string;
  readonly servers: readonly { readonly server: ChildServer; readonly url: string }[];
  /** New signed requests for each round: a nonce is good once. */
  prepare(count: number): PreparedRequest[];
}

/** Medians of one side. */
export interface LoadFigures {
  readonly perSecond: number;
  /** CPU of all its servers. */
  readonly cpuMsPerRequest: number;
  readonly failed: number;
  readonly generator: string;
  /** Of each round, for ratios between sides that ran in turn. */
  readonly rounds: readonly { readonly perSecond: number; readonly cpuMsPerRequest: number }[];
}

/** Loads every side in turn, `rounds` times after one to warm up; figures by name. */
export async function loadInTurn(
  sides: readonly LoadSide[],
  plan: { rounds: number; seconds: number; folder: string },
): Promise<(name: string) => LoadFigures> {
  const seen = new Map(
    sides.map(({ name }) => [
      name,
      { rounds: [] as { perSecond: number; cpuMsPerRequest: number }[], failed: 0, generator: '' },
    ]),
  );
  for (let round = 0; round <= plan.rounds; round += 1) {
    for (const side of sides) {
      const result = await loadOnce(side, plan);
      const figures = seen.get(side.name);
      if (figures === undefined) continue;
      figures.failed += result.failed;
      figures.generator = result.generator;
      if (round > 0) figures.rounds.push(result);
    }
  }
  return (name) => {
    const figures = seen.get(name);
    if (figures === undefined) throw new Error(`no side is called ${name}`);
    return {
      ...figures,
      perSecond: findMedian(figures.rounds.map(({ perSecond }) => perSecond)),
      cpuMsPerRequest: findMedian(figures.rounds.map(({ cpuMsPerRequest }) => cpuMsPerRequest)),
    };
  };
}

/** The median over the rounds of one side's figure divided by the other's. */
export function findRatio(
  side: LoadFigures,
  other: LoadFigures,
  figure: 'perSecond' | 'cpuMsPerRequest' = 'perSecond',
): number {
  return findMedian(
    side.rounds.map((round, index) => round[figure] / (other.rounds[index]?.[figure] ?? Number.NaN)),
  );
}

async function loadOnce(side: LoadSide, plan: { seconds: number; folder: string }) {
  const share = side.servers.length;
  const cpuBefore = side.servers.reduce((sum, { server }) => sum + server.cpuSeconds(), 0);
  // More than any side answers in that time: a request that is sent again is refused for its nonce.
  const prepared = side.servers.map(() => side.prepare(Math.ceil((plan.seconds * 16_000) / share)));
  const results = await Promise.all(
    side.servers.map(({ url }, index) =>
      runLoad({
        url: `${url}/sdk/token`,
        prepared: prepared[index] ?? [],
        connections: connections / share,
        seconds: plan.seconds,
        folder: plan.folder,
      }),
    ),
  );
  const sum = (read: (result: (typeof results)[number]) => number) =>
    results.reduce((total, result) => total + read(result), 0);
  const cpu = side.servers.reduce((total, { server }) => total + server.cpuSeconds(), 0) - cpuBefore;
  return {
    generator: results[0]?.generator ?? '',
    perSecond: sum((result) => result.perSecond),
    cpuMsPerRequest:
      (cpu * 1000) /
      Math.max(
        1,
        sum((result) => result.requests),
      ),
    failed: sum((result) => result.failed),
  };
}
