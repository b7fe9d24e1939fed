import { App } from '@alter-ai/alter-sdk';
import { findMedian, findPercentile } from '../median.js';
import type { Row } from '../row.js';
import {
  describeGatewayCall,
  type ProxyServers,
  upstreamBody,
  upstreamPath,
} from '../setup/proxy-servers.js';
import { describeLatency, formatConnections } from './proxy.js';

/** How much is measured. */
interface SdkPlan {
  readonly rounds: number;
  /** Calls of one side in a round. */
  readonly calls: number;
}

/** Makes one call. */
type Side = () => Promise<unknown>;

const jsonHeaders = { 'content-type': 'application/json' };

/**
 * What M3 and M4 are for somebody who calls through the SDK, its signing included: `proxyRequest` beside a fetch through the gateway,
 * and `request` beside a plain fetch. The sides run in turn in this process.
 */
export async function measureSdk({ setup, upstream, gateway }: ProxyServers, plan: SdkPlan): Promise<Row[]> {
  const app = new App({ apiKey: setup.apiKey, baseUrl: setup.url });
  try {
    const { grantId } = setup;
    const target = `${upstream.url}${upstreamPath}`;
    const body = JSON.stringify(upstreamBody);
    const post = async (url: string, headers: Record<string, string>) =>
      (await fetch(url, { method: 'POST', headers: { ...jsonHeaders, ...headers }, body })).arrayBuffer();
    const gatewayHeaders = describeGatewayCall(upstream.url);
    const direct: Side = () => post(target, { authorization: 'Bearer bench' });
    const proxied: Side = async () =>
      (await app.proxyRequest('POST', target, { grantId, json: upstreamBody })).bytes();
    const relayed: Side = () => post(`${gateway.url}${upstreamPath}`, gatewayHeaders);
    const retrieved: Side = async () =>
      (await app.request('POST', target, { grantId, json: upstreamBody })).arrayBuffer();
    const roundTrip: Side = async () => (await fetch(`${setup.url}/healthz`)).arrayBuffer();
    const rows: Row[] = [];
    for (const connections of [1, 20]) {
      const rounds = await compare({ direct, vault: proxied, gateway: relayed }, { ...plan, connections });
      rows.push(
        ...describeLatency(
          rounds,
          `SDK's proxyRequest with its signing, ${formatConnections(connections)} (gateway: fetch)`,
        ),
      );
    }
    const rounds = await compare({ direct, retrieved, roundTrip }, { ...plan, connections: 1 });
    const median = (side: keyof (typeof rounds)[number]) =>
      findMedian(rounds.map((round) => round[side].p50Ms));
    const allowed = median('roundTrip') + 0.3;
    const added = median('retrieved') - median('direct');
    rows.push({
      id: 'M4',
      work: 'SDK request over a plain fetch',
      measured: `+${added.toFixed(2)} ms p50`,
      compared: `one round trip ${median('roundTrip').toFixed(2)} ms, and 0.3 ms`,
      ratio: (added / allowed).toFixed(2),
      target: '1',
    });
    return rows;
  } finally {
    await app.close();
  }
}

async function compare<Name extends string>(
  sides: Record<Name, Side>,
  plan: SdkPlan & { readonly connections: number },
): Promise<Record<Name, { p50Ms: number; p99Ms: number }>[]> {
  const rounds: Record<Name, { p50Ms: number; p99Ms: number }>[] = [];
  for (let round = 0; round <= plan.rounds; round += 1) {
    const measured: Partial<(typeof rounds)[number]> = {};
    for (const name of Object.keys(sides) as Name[]) {
      const times = await runSide(sides[name], plan.calls, plan.connections);
      measured[name] = { p50Ms: findPercentile(times, 0.5), p99Ms: findPercentile(times, 0.99) };
    }
    // The first round warms up.
    if (round > 0) rounds.push(measured as (typeof rounds)[number]);
  }
  return rounds;
}

async function runSide(side: Side, calls: number, connections: number): Promise<number[]> {
  const times: number[] = [];
  let left = calls;
  const work = async () => {
    while (left > 0) {
      left -= 1;
      const startedAt = performance.now();
      await side();
      times.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  return times;
}
