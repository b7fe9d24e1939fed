import { App } from '@alter-ai/alter-sdk';
import { buildSignedHeaders, createNonce, deriveSigningKeyObject, sha256Hex } from '@alter-ai/core-crypto';
import { findMedian } from '../median.js';
import type { Row } from '../row.js';
import { startVaultSetup, type VaultSetup } from '../setup/vault-setup.js';

/** How much is measured. */
interface ProxyPlan {
  readonly rounds: number;
  /** Calls of one side in a round. */
  readonly calls: number;
}

/** Makes one call. */
type Side = () => Promise<unknown>;

/**
 * M3: what proxy mode adds to a direct call of the same upstream, at 1 and at 20 connections. M4: what the SDK's `request` adds to a
 * plain fetch. The sides run in turn in this process; the vault is a process of its own, audit on.
 */
export async function measureProxy(plan: ProxyPlan): Promise<Row[]> {
  const setup = await startVaultSetup();
  const app = new App({ apiKey: setup.apiKey, baseUrl: setup.url });
  try {
    const { grantId } = setup;
    const target = `${setup.provider.issuer}/api/messages`;
    const token = await retrieveToken(setup, target);
    const direct: Side = async () => {
      const answer = await fetch(target, { headers: { authorization: `Bearer ${token}` } });
      await answer.arrayBuffer();
    };
    const proxied: Side = async () => (await app.proxyRequest('GET', target, { grantId })).bytes();
    const retrieved: Side = async () => (await app.request('GET', target, { grantId })).arrayBuffer();
    const roundTrip: Side = async () => (await fetch(`${setup.url}/healthz`)).arrayBuffer();
    const rows: Row[] = [];
    for (const connections of [1, 20]) {
      const [plain, through] = await compare([direct, proxied], { ...plan, connections });
      rows.push({
        id: 'M3',
        work: `proxy mode over a direct call, ${connections} connection${connections === 1 ? '' : 's'}`,
        measured: `+${difference(through, plain, 0.5)} ms p50, +${difference(through, plain, 0.99)} ms p99`,
        compared: '@portkey-ai/gateway is not installed: own side only',
        ratio: '',
        target: "half of the gateway's added latency",
      });
    }
    const [plain, through, trip] = await compare([direct, retrieved, roundTrip], { ...plan, connections: 1 });
    const allowed = findPercentile(trip, 0.5) + 0.3;
    const added = findPercentile(through, 0.5) - findPercentile(plain, 0.5);
    rows.push({
      id: 'M4',
      work: 'SDK request over a plain fetch',
      measured: `+${added.toFixed(2)} ms p50`,
      compared: `one round trip ${findPercentile(trip, 0.5).toFixed(2)} ms, and 0.3 ms`,
      ratio: (added / allowed).toFixed(2),
      target: '1',
    });
    return rows;
  } finally {
    await app.close();
    await setup.close();
  }
}

/** The token itself, for calls past the vault. */
async function retrieveToken({ url, apiKey, grantId }: VaultSetup, target: string): Promise<string> {
  const body = JSON.stringify({ grant_id: grantId, reason: null, request: { method: 'GET', url: target } });
  const headers = buildSignedHeaders(deriveSigningKeyObject(apiKey), {
    method: 'POST',
    target: '/sdk/token',
    timestamp: Date.now() / 1000,
    nonce: createNonce(),
    bodySha256: sha256Hex(body),
  });
  const answer = await fetch(`${url}/sdk/token`, {
    method: 'POST',
    headers: { ...headers, 'x-api-key': apiKey, 'content-type': 'application/json' },
    body,
  });
  const { access_token: token } = (await answer.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`no token: ${answer.status}`);
  return token;
}

async function compare(
  sides: readonly Side[],
  plan: ProxyPlan & { readonly connections: number },
): Promise<[number[], number[], number[]]> {
  const times: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round <= plan.rounds; round += 1) {
    for (const [index, side] of sides.entries()) {
      const measured = await runSide(side, plan.calls, plan.connections);
      // The first round warms up.
      if (round > 0) times[index]?.push(...measured);
    }
  }
  return times;
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

function difference(side: readonly number[], other: readonly number[], share: number): string {
  return (findPercentile(side, share) - findPercentile(other, share)).toFixed(2);
}

function findPercentile(times: readonly number[], share: number): number {
  if (share === 0.5) return findMedian([...times]);
  const sorted = [...times].sort((one, two) => one - two);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
