import { chainHash, genesisHash } from '@alter-ai/core-crypto';
import canonicalize from 'canonicalize';
import { type AuditFault, type AuditVerdict, describeFault } from './verify/audit-verdict.js';
import { parseRecord } from './verify/record-columns.js';

interface ExportedRecord {
  readonly chainId: string;
  readonly sequence: number;
  readonly recordBytes: Buffer;
  readonly hash: Buffer;
}

interface ChainProgress {
  sequence: number;
  hash: Buffer;
  /** Records that stand before their predecessors, by sequence. */
  readonly early: Map<number, ExportedRecord>;
}

/**
 * Verifies a JSON Lines export without server or key (A3): within each chain every record must follow from the one before. An export
 * that begins in the middle of a chain is verified from its first record on; that nothing is missing at the end only the database,
 * or a checkpoint, can tell. A filtered export has gaps, which are reported.
 */
export async function verifyExport(lines: Iterable<string> | AsyncIterable<string>): Promise<AuditVerdict> {
  const chains = new Map<string, ChainProgress>();
  const faults: AuditFault[] = [];
  let records = 0;
  for await (const line of lines) {
    if (line.trim() === '') continue;
    const record = readLine(line);
    if (record === null) {
      faults.push(describeFault('line_unreadable'));
      continue;
    }
    records += 1;
    faults.push(...addRecord(chains, record));
  }
  for (const [chainId, chain] of chains) {
    if (chain.early.size > 0) faults.push(describeFault('sequence_gap', chainId, chain.sequence + 1));
  }
  return { isIntact: faults.length === 0, chains: chains.size, records, faults };
}

function addRecord(chains: Map<string, ChainProgress>, record: ExportedRecord): AuditFault[] {
  let chain = chains.get(record.chainId);
  if (chain === undefined) {
    chain = { sequence: 0, hash: genesisHash(record.chainId), early: new Map() };
    chains.set(record.chainId, chain);
    if (record.sequence > 1) {
      chain.sequence = record.sequence;
      chain.hash = record.hash;
      return [];
    }
  }
  const faults: AuditFault[] = [];
  chain.early.set(record.sequence, record);
  for (;;) {
    const next = chain.early.get(chain.sequence + 1);
    if (next === undefined) return faults;
    chain.early.delete(next.sequence);
    chain.sequence = next.sequence;
    const expected = chainHash(chain.hash, next.recordBytes);
    // Goes on from what the export says, so that each changed record is named, and not every one after it.
    chain.hash = next.hash;
    if (!expected.equals(next.hash))
      faults.push(describeFault('hash_mismatch', record.chainId, next.sequence));
  }
}

function readLine(line: string): ExportedRecord | null {
  const members = parseRecord(line);
  if (members === null) return null;
  const { hash, ...record } = members;
  const { chain_id: chainId, sequence } = record;
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) return null;
  if (typeof chainId !== 'string' || typeof sequence !== 'number' || sequence < 1) return null;
  const text = canonicalize(record);
  return text === undefined
    ? null
    : { chainId, sequence, recordBytes: Buffer.from(text, 'utf8'), hash: Buffer.from(hash, 'hex') };
}
