import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { findMedian } from '../median.js';
import type { Row } from '../row.js';
import { formatPower, type GrownSetup } from '../seeding/grown-setup.js';
import { importVaultModule, openVaultData } from '../seeding/open-vault.js';
import type { VaultSetup } from '../setup/vault-setup.js';

const callersAtOnce = 500;
const recordBytes = 900;
const searches = 20;

/** M7: durable appends of 50 callers at once, against one sync of the disk for each record; in turn. The server has to be stopped. */
export async function measureAppend(
  setup: VaultSetup,
  plan: { rounds: number; seconds: number },
): Promise<Row[]> {
  const vault = await openVaultData(setup);
  const appended: number[] = [];
  const synced: number[] = [];
  try {
    for (let round = 0; round <= plan.rounds; round += 1) {
      const rates = [
        await countPerSecond(plan.seconds, callersAtOnce, () =>
          vault.deps.audit.append(describeCall(setup.grantId)),
        ),
        countSyncs(join(setup.folder, 'plain.log'), plan.seconds),
      ] as const;
      // The first round warms both sides up.
      if (round === 0) continue;
      appended.push(rates[0]);
      synced.push(rates[1]);
    }
  } finally {
    await vault.close();
  }
  const ratios = appended.map((rate, index) => rate / (synced[index] ?? Number.NaN));
  return [
    {
      id: 'M7',
      work: `audit append alone, durable, ${callersAtOnce} callers`,
      measured: `${Math.round(findMedian(appended))}/s`,
      compared: `fsync per record ${Math.round(findMedian(synced))}/s`,
      ratio: findMedian(ratios).toFixed(1),
      target: 'at least 20',
    },
  ];
}

/** M8: verifying the whole log, and the first page of searches in it. */
export async function measureAuditReads({ setup, size, audit }: GrownSetup): Promise<Row[]> {
  const { verifyAudit } = await importVaultModule<{
    verifyAudit(deps: unknown): Promise<{ isIntact: boolean; records: number }>;
  }>('audit/verify-audit.js');
  const { queryAudit } = await importVaultModule<{
    queryAudit(storage: unknown, query: unknown): Promise<{ lines: readonly string[] }>;
  }>('audit/query-audit.js');
  const vault = await openVaultData(setup);
  try {
    const { storage } = vault.deps;
    const startedAt = performance.now();
    const verdict = await verifyAudit(vault.deps);
    const seconds = (performance.now() - startedAt) / 1000;
    if (!verdict.isIntact) throw new Error('the audit log of the bench is not intact');
    const filters = {
      'one grant': { grantId: audit.grantId },
      'one user': { userId: audit.userId },
      'a provider with few records': { providerId: audit.rareProviderId },
      refusals: { outcome: 'refused' },
      'before the middle': { untilMs: audit.middleMs },
      everything: {},
    };
    let slowest = { name: '', ms: 0 };
    for (const [name, filter] of Object.entries(filters)) {
      const took: number[] = [];
      for (let turn = 0; turn < searches; turn += 1) {
        const from = performance.now();
        await queryAudit(storage, { filter, limit: 100 });
        took.push(performance.now() - from);
      }
      const ms = findMedian(took);
      if (ms > slowest.ms) slowest = { name, ms };
    }
    return [
      {
        id: 'M8',
        work: `audit verify, ${verdict.records} records`,
        measured: `${Math.round(verdict.records / seconds)}/s`,
        compared: '',
        ratio: '',
        target: 'at least 200,000/s',
      },
      {
        id: 'M8',
        work: `search in ${formatPower(size.records)} records, first page, slowest of ${Object.keys(filters).length}: ${slowest.name}`,
        measured: `${slowest.ms.toFixed(1)} ms`,
        compared: '',
        ratio: '',
        target: 'under 50 ms at 10^7',
      },
    ];
  } finally {
    await vault.close();
  }
}

/** A record of the size that a call's has. */
function describeCall(grantId: string): Record<string, unknown> {
  return {
    kind: 'access.retrieve',
    appId: grantId,
    grantId,
    providerId: 'acme',
    apiKeyId: grantId,
    keyPrefix: 'alter_key_bench',
    principal: 'system',
    credentialKind: 'oauth',
    method: 'GET',
    url: 'https://api.acme.example/v1/messages?limit=20',
    reason: 'bench',
    decision: 'allow',
    outcome: 'released',
    sourceAddress: '127.0.0.1',
    requestId: grantId,
  };
}

/** Runs `work` for `seconds` with so many under way at any time; gives the number that ended in a second. */
async function countPerSecond(
  seconds: number,
  atOnce: number,
  work: (index: number) => Promise<unknown>,
): Promise<number> {
  const startedAt = performance.now();
  const end = startedAt + seconds * 1000;
  let count = 0;
  const keepOn = async () => {
    while (performance.now() < end) {
      count += 1;
      await work(count);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, keepOn));
  return (count * 1000) / (performance.now() - startedAt);
}

function countSyncs(path: string, seconds: number): number {
  const file = openSync(path, 'w');
  const record = Buffer.alloc(recordBytes, 0x61);
  const startedAt = performance.now();
  let count = 0;
  for (; performance.now() < startedAt + seconds * 1000; count += 1) {
    writeSync(file, record);
    fdatasyncSync(file);
  }
  closeSync(file);
  return (count * 1000) / (performance.now() - startedAt);
}
