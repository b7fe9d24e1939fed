import { parseRootKey, type RootKey } from '@alter-ai/core-crypto';

/** How many records, about what, into which database; no server may run on it. */
export interface AuditSeed {
  readonly dataDir: string;
  /** PostgreSQL in place of the SQLite file in `dataDir`. */
  readonly databaseUrl?: string | undefined;
  /** PostgreSQL schema; the default one unless told. */
  readonly schema?: string | undefined;
  /** Base64, as `ALTER_VAULT_ROOT_KEY`. */
  readonly rootKey: string;
  readonly records: number;
  /** Different grants; 100,000 unless told. Every third belongs to the same user as the one before. */
  readonly grants?: number;
  readonly onProgress?: (records: number) => void;
}

/** What to search for afterwards: of each kind a frequent value and one that few records have. */
export interface SeededAudit {
  readonly appId: string;
  readonly grantId: string;
  readonly userId: string;
  readonly caller: string;
  readonly rareCaller: string;
  readonly providerId: string;
  readonly rareProviderId: string;
  /** The time in the middle of all records, milliseconds since 1970. */
  readonly middleMs: number;
}

/** The parts of the built vault that are used: records are linked, sealed and stored by its own code. */
interface VaultParts {
  openVaultData(options: object): Promise<{ storage: { close(): Promise<void> }; keyring: object }>;
  createAuditMonth(storage: object, month: string): Promise<void>;
  findAuditMonth(atMs: number): string;
  createAuditWriter(storage: object): {
    write(claims: readonly never[], build: () => object): Promise<void>;
  };
  startChain(storage: object, keyring: object, nowMs: number): Promise<object>;
  linkRecords(
    chain: object,
    records: readonly object[],
    month: string,
    nowMs: number,
  ): { batch: object; next: object };
  writeRecordText(event: object, facts: { id: string; at: number }): object;
  makeCheckpoint(deps: object): Promise<unknown>;
  indexNewRecords(storage: object, work: { idleBeforeMs: number; segmentsMax: number }): Promise<number>;
}

const vaultModules = [
  'keys/open-vault-data.js',
  'storage/log/audit-tables.js',
  'storage/log/write/audit-writer.js',
  'audit/append/chain-writer.js',
  'audit/append/record-text.js',
  'audit/checkpoints/make-checkpoint.js',
  'storage/log/search/index-records.js',
];
const recordsPerBatch = 2_000;
const batchesPerCheckpoint = 50;
const appId = formatId(0, 7);

/**
 * Fills the audit log of a vault with records of the current month, tens of thousands a second: linked, sealed, covered by checkpoints
 * and indexed as if they had been written one by one, so that `alter audit verify` finds them whole.
 */
export async function seedAuditRecords(seed: AuditSeed): Promise<SeededAudit> {
  const parts = await loadVault();
  const rootKey: RootKey = parseRootKey(seed.rootKey);
  const { storage, keyring } = await parts.openVaultData({ ...seed, rootKey, clock: Date.now });
  try {
    const endMs = Date.now();
    const now = new Date(endMs);
    const startMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1);
    const month = parts.findAuditMonth(endMs);
    await parts.createAuditMonth(storage, month);
    const writer = parts.createAuditWriter(storage);
    let chain = await parts.startChain(storage, keyring, endMs);
    const timeOf = (index: number) => Math.floor(startMs + ((endMs - startMs) * index) / seed.records);
    for (let from = 0; from < seed.records; from += recordsPerBatch) {
      const count = Math.min(recordsPerBatch, seed.records - from);
      const waiting = Array.from({ length: count }, (_, offset) => {
        const index = from + offset;
        const facts = { id: formatId(timeOf(index), index), at: timeOf(index) };
        return { ...facts, text: parts.writeRecordText(describeEvent(index, seed.grants ?? 100_000), facts) };
      });
      const linked = parts.linkRecords(chain, waiting, month, endMs);
      await writer.write([], () => linked.batch);
      chain = linked.next;
      if ((from / recordsPerBatch) % batchesPerCheckpoint === batchesPerCheckpoint - 1) {
        await parts.makeCheckpoint({ storage, keyring, clock: Date.now });
      }
      seed.onProgress?.(from + count);
    }
    await parts.makeCheckpoint({ storage, keyring, clock: Date.now });
    while ((await parts.indexNewRecords(storage, { idleBeforeMs: 0, segmentsMax: 64 })) > 0);
    const some = describeEvent(Math.floor(seed.records / 2), seed.grants ?? 100_000);
    return {
      appId,
      grantId: some.grantId,
      userId: some.userId,
      caller: 'assistant-1',
      rareCaller: 'assistant-rare',
      providerId: 'google',
      rareProviderId: 'initech',
      middleMs: timeOf(Math.floor(seed.records / 2)),
    };
  } finally {
    await storage.close();
  }
}

function describeEvent(index: number, grants: number) {
  // Neighbours in time are about different grants, as in life.
  const grant = (index * 7_919) % grants;
  const isRare = index % 100_003 === 50_001;
  const isDenied = index % 50_021 === 25_000;
  return {
    kind: 'access.retrieve',
    appId,
    grantId: formatId(1_700_000_000_000, grant),
    userId: formatId(1_600_000_000_000, Math.floor(grant / 3)),
    providerId: isRare ? 'initech' : (['google', 'slack', 'github', 'notion'][grant % 4] ?? 'google'),
    apiKeyId: formatId(0, 8),
    keyPrefix: 'alter_key_app_ab12',
    caller: isRare ? 'assistant-rare' : `assistant-${grant % 20}`,
    callerType: 'agent',
    principal: `user:${formatId(1_600_000_000_000, Math.floor(grant / 3))}`,
    credentialKind: 'oauth',
    method: 'GET',
    url: `https://api.example.com/v1/messages/${index}`,
    reason: 'Answer a question about the calendar of next week',
    decision: isDenied ? 'deny' : 'allow',
    outcome: isDenied ? 'deny' : 'allow',
    sourceAddress: '198.51.100.7',
    requestId: formatId(1_800_000_000_000, index),
  };
}

/** A UUIDv7 of a time and a number. */
function formatId(ms: number, number: number): string {
  const time = ms.toString(16).padStart(12, '0');
  const rest = number.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${rest}`;
}

async function loadVault(): Promise<VaultParts> {
  const built = new URL('../../../apps/vault/dist/', import.meta.url);
  const modules = await Promise.all(vaultModules.map((path) => import(new URL(path, built).href)));
  return Object.assign({}, ...modules) as VaultParts;
}
