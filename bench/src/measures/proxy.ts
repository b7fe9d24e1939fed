import { type LoadResult, type PreparedRequest, runLoad } from '../load.js';
import { findMedian } from '../median.js';
import type { Row } from '../row.js';
import {
  describeGatewayCall,
  type ProxyServers,
  upstreamBody,
  upstreamPath,
} from '../setup/proxy-servers.js';
import { signAhead } from '../setup/vault-setup.js';

type Round = LoadResult & { readonly cpuMs: number };
type Times = Pick<LoadResult, 'p50Ms' | 'p99Ms'>;

const sideNames = ['direct', 'vault', 'gateway'] as const;
const connectionCounts = [20, 1];
// More than any proxy answers in that time: a request that is sent again is refused for its nonce.
const callsPerSecondMax = 8_000;
const goal = "half of the gateway's";

/**
 * M3: what proxy mode adds to a direct call of the same upstream, beside what the gateway adds. The load generator sends each side
 * the same call, those of the vault signed ahead, so that the servers alone are compared; audit on.
 */
export async function measureProxy(
  servers: ProxyServers,
  plan: { rounds: number; seconds: number },
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const connections of connectionCounts) {
    const rounds = await loadInTurn(servers, { ...plan, connections });
    rows.unshift(...describeLatency(rounds, `servers alone, ${formatConnections(connections)}`));
    if (connections > 1) rows.push(describeCpu(rounds, connections));
  }
  return rows;
}

/** The row that sets two sides' added times against each other; one entry of each side a round. */
export function describeLatency(
  rounds: readonly { direct: Times; vault: Times; gateway: Times }[],
  what: string,
): Row[] {
  const added = (side: 'vault' | 'gateway', figure: keyof Times) =>
    rounds.map((round) => round[side][figure] - round.direct[figure]);
  const describe = (side: 'vault' | 'gateway') =>
    `+${findMedian(added(side, 'p50Ms')).toFixed(2)} ms p50, +${findMedian(added(side, 'p99Ms')).toFixed(2)} ms p99`;
  const divide = (figure: keyof Times) =>
    (findMedian(added('vault', figure)) / findMedian(added('gateway', figure))).toFixed(2);
  return [
    {
      id: 'M3',
      work: `proxy mode over a direct call, ${what}`,
      measured: describe('vault'),
      compared: `@portkey-ai/gateway ${describe('gateway')}`,
      ratio: `${divide('p50Ms')} p50, ${divide('p99Ms')} p99`,
      target: goal,
    },
  ];
}

/** For the text of a row. */
export function formatConnections(count: number): string {
  return `${count} connection${count === 1 ? '' : 's'}`;
}

function describeCpu(rounds: readonly Record<(typeof sideNames)[number], Round>[], connections: number): Row {
  const perCall = (side: 'vault' | 'gateway') =>
    findMedian(rounds.map((round) => round[side].cpuMs / Math.max(1, round[side].requests)));
  return {
    id: 'M3',
    work: `proxy mode, CPU seconds per 1,000 requests, ${formatConnections(connections)}`,
    measured: perCall('vault').toFixed(3),
    compared: `@portkey-ai/gateway ${perCall('gateway').toFixed(3)}`,
    ratio: (perCall('vault') / perCall('gateway')).toFixed(2),
    target: '',
  };
}

async function loadInTurn(
  { setup, upstream, gateway }: ProxyServers,
  plan: { rounds: number; seconds: number; connections: number },
): Promise<Record<(typeof sideNames)[number], Round>[]> {
  const body = JSON.stringify(upstreamBody);
  const sides = {
    direct: {
      ...upstream,
      path: upstreamPath,
      prepare: (): PreparedRequest[] => [{ headers: { authorization: 'Bearer bench' }, body }],
    },
    vault: {
      server: setup.server,
      url: setup.url,
      path: '/sdk/proxy',
      prepare: () =>
        signAhead(setup.apiKey, '/sdk/proxy', plan.seconds * callsPerSecondMax, () => ({
          method: 'POST',
          url: `${upstream.url}${upstreamPath}`,
          grant_id: setup.grantId,
          body: upstreamBody,
        })),
    },
    gateway: {
      ...gateway,
      path: upstreamPath,
      prepare: (): PreparedRequest[] => [{ headers: describeGatewayCall(upstream.url), body }],
    },
  };
  const load = async (name: (typeof sideNames)[number]): Promise<Round> => {
    const { server, url, path, prepare } = sides[name];
    const prepared = prepare();
    const cpuBefore = server.cpuSeconds();
    const { connections, seconds } = plan;
    const result = await runLoad({
      url: `${url}${path}`,
      prepared,
      connections,
      seconds,
      folder: setup.folder,
    });
    if (result.failed > 0) throw new Error(`${result.failed} calls of M3 failed: ${name}`);
    return { ...result, cpuMs: (server.cpuSeconds() - cpuBefore) * 1000 };
  };
  const rounds: Record<(typeof sideNames)[number], Round>[] = [];
  for (let round = 0; round <= plan.rounds; round += 1) {
    const measured = {
      direct: await load('direct'),
      vault: await load('vault'),
      gateway: await load('gateway'),
    };
    // The first round warms up.
    if (round > 0) rounds.push(measured);
  }
  return rounds;
}
