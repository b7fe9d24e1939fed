import { measureAppend, measureAuditReads } from './measures/audit.js';
import { measureDatabases } from './measures/databases.js';
import { measureMemory } from './measures/footprint/memory.js';
import { measureSizes } from './measures/footprint/size.js';
import { measureStart } from './measures/footprint/start.js';
import { measureGrowth } from './measures/growth.js';
import { measureProxy } from './measures/proxy.js';
import { measureRefresh } from './measures/refresh.js';
import { measureRotation } from './measures/rotation.js';
import { measureSdk } from './measures/sdk.js';
import type { Row } from './row.js';
import { type GrownSetup, startGrownSetup } from './seeding/grown-setup.js';
import { startProxyServers } from './setup/proxy-servers.js';
import { startVaultSetup } from './setup/vault-setup.js';

// Prints one table of ratios; never asserts on time. Each ratio's two sides run in turn in this call. `--full` takes the sizes of
// 10^6 and 10^7 and longer rounds; `--only M6,M8` runs the rows named.
const isFull = process.argv.includes('--full');
const only = process.argv[process.argv.indexOf('--only') + 1]?.split(',');
const isWanted = (...ids: string[]) =>
  !process.argv.includes('--only') || ids.some((id) => only?.includes(id));
const rows: Row[] = [];
const note = (text: string) =>
  console.error(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${text}`);

const plan = isFull ? { rounds: 7, seconds: 8 } : { rounds: 3, seconds: 4 };
const small = { grants: 1_000, records: 10_000 };
const sizes = isFull
  ? [small, { grants: 100_000, records: 1_000_000 }, { grants: 1_000_000, records: 10_000_000 }]
  : [small, { grants: 100_000, records: 1_000_000 }];

if (isWanted('M1', 'M2')) {
  note('M1, M2: retrieve on both databases');
  rows.push(...(await measureDatabases({ ...plan, databaseUrl: process.env.BENCH_DATABASE_URL })));
}
if (isWanted('M3', 'M4')) {
  note('M3, M4: the proxy and the SDK');
  const servers = await startProxyServers();
  try {
    rows.push(...(await measureProxy(servers, { rounds: plan.rounds, seconds: isFull ? 5 : 2 })));
    rows.push(...(await measureSdk(servers, { rounds: plan.rounds, calls: isFull ? 5_000 : 1_000 })));
  } finally {
    await servers.close();
  }
}
if (isWanted('M5')) {
  note('M5: a thousand callers of one expired token');
  rows.push(...(await measureRefresh()));
}
if (isWanted('M6', 'M7', 'M8', 'M9', 'M13')) {
  const empty = await startVaultSetup();
  const grown: GrownSetup[] = [];
  try {
    await empty.server.stop();
    if (isWanted('M7')) {
      note('M7: audit append');
      rows.push(...(await measureAppend(empty, { rounds: isFull ? 7 : 3, seconds: 2 })));
    }
    if (isWanted('M6', 'M8', 'M9', 'M13')) {
      for (const size of sizes) {
        note(`filling a vault with ${size.grants} grants and ${size.records} records`);
        grown.push(await startGrownSetup(size));
      }
    }
    const largest = grown.at(-1);
    if (isWanted('M6')) {
      note('M6: retrieve from vaults of all sizes');
      rows.push(...(await measureGrowth(grown, { rounds: plan.rounds, seconds: plan.seconds - 1 })));
    }
    if (isWanted('M8') && largest) {
      note('M8: verify and search');
      rows.push(...(await measureAuditReads(largest)));
    }
    if (isWanted('M9') && largest) {
      note('M9: start');
      rows.push(...(await measureStart(empty, [largest], isFull ? 15 : 5)));
    }
    const rotated = grown[1];
    if (isWanted('M13') && rotated) {
      note('M13: retrieve during a rotation');
      rows.push(
        ...(await measureRotation(rotated, { seconds: plan.seconds, roundsMax: isFull ? 1_000 : 3 })),
      );
    }
  } finally {
    for (const { setup } of grown) await setup.close();
    await empty.close();
  }
}
if (isWanted('M10')) {
  note('M10: memory');
  rows.push(
    ...(await measureMemory({ firstCalls: 100_000, laterCalls: isFull ? 1_000_000 : 300_000, seconds: 5 })),
  );
}
if (isWanted('M11', 'M12')) rows.push(...measureSizes());
console.table(
  rows
    .toSorted((left, right) => Number(left.id.slice(1)) - Number(right.id.slice(1)))
    .map(({ id, work, measured, compared, ratio, target }) => ({
      row: id,
      work,
      measured,
      'compared with': compared,
      ratio,
      target,
    })),
);
