import { type ChainHead, type ChainRecord, OpenError, verifyChain } from '@alter-ai/core-crypto';
import type { Keyring } from '../keys/keyring.js';
import type { Storage } from '../storage/database/storage.js';
import { findAuditChain, listAuditChains, readAuditRegister } from '../storage/log/audit-chains.js';
import { listChainsOfMonth, scanAuditChain } from '../storage/log/audit-scan.js';
import { type AuditMonth, listAuditMonths } from '../storage/log/audit-tables.js';
import type { AuditRecordTable } from '../storage/tables.js';
import { createHeadSealer } from './chain/chain-head.js';
import { openRegister } from './chain/chain-register.js';
import { type AuditFault, type AuditVerdict, describeFault } from './verify/audit-verdict.js';
import { hasTrueColumns } from './verify/record-columns.js';

interface Deps {
  readonly storage: Storage;
  readonly keyring: Keyring;
  /** Is told from time to time how many records were read. */
  readonly onProgress?: ((records: number) => void) | undefined;
}

/**
 * Verifies the whole audit log in the database (A3): every record of every chain, their sealed heads, and the register of chains.
 * Reads page by page, beside running servers: what they append meanwhile is no fault.
 */
export async function verifyAudit(deps: Deps): Promise<AuditVerdict> {
  const { storage } = deps;
  const faults: AuditFault[] = [];
  // Before the chains: one that begins meanwhile is in the register that is read afterwards.
  const chains = new Set((await listAuditChains(storage)).map((chain) => chain.id));
  const months = await listAuditMonths(storage);
  faults.push(...(await verifyRegister(deps, chains, months)));
  let records = 0;
  for (const chainId of chains) {
    const { count, fault } = await verifyStoredChain(deps, chainId, (read) =>
      deps.onProgress?.(records + read),
    );
    records += count;
    if (fault !== null) faults.push(fault);
  }
  return { isIntact: faults.length === 0, chains: chains.size, records, faults };
}

async function verifyRegister(
  deps: Deps,
  chains: ReadonlySet<string>,
  months: readonly AuditMonth[],
): Promise<AuditFault[]> {
  const { storage, keyring } = deps;
  const withRecords = new Set<string>();
  for (const month of months) for (const id of await listChainsOfMonth(storage, month)) withRecords.add(id);
  const sealed = await readAuditRegister(storage);
  if (sealed === null) {
    return chains.size + withRecords.size === 0 ? [] : [describeFault('register_missing')];
  }
  let registered: Set<string>;
  try {
    registered = new Set(openRegister(keyring, sealed));
  } catch {
    return [describeFault('register_unreadable')];
  }
  const present = new Set([...chains, ...(await listAuditChains(storage)).map((chain) => chain.id)]);
  return [
    ...[...registered].filter((id) => !present.has(id)).map((id) => describeFault('chain_missing', id)),
    ...[...new Set([...chains, ...withRecords])]
      .filter((id) => !registered.has(id))
      .map((id) => describeFault('chain_unregistered', id)),
  ];
}

async function verifyStoredChain(
  deps: Deps,
  chainId: string,
  onProgress: (read: number) => void,
): Promise<{ count: number; fault: AuditFault | null }> {
  let after: ChainHead | undefined;
  for (;;) {
    const head = await readHead(deps, chainId);
    const count = after?.sequence ?? 0;
    if (head === null) return { count, fault: describeFault('head_unreadable', chainId) };
    const reading: { mismatch: number | null; next: number | null } = { mismatch: null, next: null };
    const verdict = await verifyChain({
      chainId,
      after,
      expectedHead: head,
      records: readUpTo(deps.storage, chainId, after?.sequence ?? 0, head.sequence, reading, onProgress),
    });
    if (!verdict.ok) {
      return { count: verdict.sequence - 1, fault: describeFault(verdict.reason, chainId, verdict.sequence) };
    }
    if (reading.mismatch !== null) {
      return { count: head.sequence, fault: describeFault('column_mismatch', chainId, reading.mismatch) };
    }
    if (reading.next === null) return { count: head.sequence, fault: null };
    // Records beyond the head: the writer added them and moved the head in one commit, or somebody else added them.
    const newer = await readHead(deps, chainId);
    if (newer === null || newer.sequence <= head.sequence) {
      return { count: head.sequence, fault: describeFault('extra_records', chainId, reading.next) };
    }
    after = { sequence: head.sequence, hash: verdict.head };
  }
}

async function readHead(deps: Deps, chainId: string): Promise<ChainHead | null> {
  const row = await findAuditChain(deps.storage, chainId);
  if (row === undefined) return null;
  try {
    const head = createHeadSealer(deps.keyring, chainId).open(row.sealed_head);
    return head.sequence === row.sequence ? head : null;
  } catch (error) {
    if (error instanceof OpenError) return null;
    throw error;
  }
}

async function* readUpTo(
  storage: Storage,
  chainId: string,
  after: number,
  until: number,
  reading: { mismatch: number | null; next: number | null },
  onProgress: (read: number) => void,
): AsyncGenerator<ChainRecord, void, undefined> {
  const months = await listAuditMonths(storage);
  for await (const row of scanAuditChain(storage, months, chainId, after)) {
    if (row.sequence > until) {
      reading.next = row.sequence;
      return;
    }
    if (reading.mismatch === null && !hasTrueColumns(row)) reading.mismatch = row.sequence;
    if (row.sequence % 10_000 === 0) onProgress(row.sequence);
    yield toChainRecord(row);
  }
}

function toChainRecord(row: AuditRecordTable): ChainRecord {
  return { sequence: row.sequence, recordBytes: Buffer.from(row.record, 'utf8'), hash: row.hash };
}
