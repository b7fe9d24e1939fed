import { type AuditVerdict, createFaultList, type FaultList } from './verify/audit-verdict.js';
import type { CheckpointFacts } from './verify/check-checkpoints.js';
import { createExportedChain, type ExportedChain } from './verify/export/chain-runs.js';
import { parseLine, readPlainLine, withHashedBytes } from './verify/export/exported-line.js';
import type { ExportExpectations } from './verify/export/read-checkpoints.js';
import { splitLines } from './verify/export/split-lines.js';

interface Reading {
  readonly chains: Map<string, ExportedChain>;
  readonly faults: FaultList;
  readonly facts: CheckpointFacts | null;
  records: number;
  lines: number;
  /** Id of the record before, read when it is needed. */
  before: Buffer | null;
  isFollowed: boolean;
}

/**
 * Verifies a JSON Lines export without server, database or key (A3), in memory that does not grow with it: within each chain every
 * record must follow from the one before. Without checkpoints an export that begins in the middle of a chain is verified from its
 * first record on, and nothing can be said about its end; with them it must be whole, from what retention left to the last record that
 * they cover. A filtered export has gaps, which are reported.
 */
export async function verifyExport(
  chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
  expected: ExportExpectations | null = null,
): Promise<AuditVerdict> {
  const reading: Reading = {
    chains: new Map(),
    faults: expected?.faults ?? createFaultList(),
    facts: expected?.facts ?? null,
    records: 0,
    lines: 0,
    before: null,
    isFollowed: true,
  };
  for await (const lines of splitLines(chunks)) {
    for (const line of lines) addLine(reading, line);
    reading.before = reading.before === null ? null : Buffer.from(reading.before);
    if (!reading.isFollowed) break;
  }
  return finish(reading);
}

function addLine(reading: Reading, line: Buffer): void {
  reading.lines += 1;
  if (line.length === 0 || (line.length < 8 && line.toString('latin1').trim() === '')) return;
  if (!addPlainLine(reading, line)) addParsedLine(reading, line);
  reading.before = line;
}

/** The usual case: the next record of its chain, written as the vault writes it, with the right hash. */
function addPlainLine(reading: Reading, line: Buffer): boolean {
  const plain = readPlainLine(line);
  if (plain === null) return false;
  const chain = reading.chains.get(plain.chainId);
  if (chain?.isNext(plain.sequence) !== true) return false;
  if (!withHashedBytes(line, plain.end, (bytes) => chain.isRightHash(bytes, plain.hash))) return false;
  chain.advance(plain.hash);
  noteRecord(reading, plain);
  return true;
}

function addParsedLine(reading: Reading, line: Buffer): void {
  const { chains, faults } = reading;
  const record = parseLine(line);
  if (record === null) {
    faults.add('line_unreadable', { line: reading.lines });
    return;
  }
  const { chainId, sequence } = record;
  let chain = chains.get(chainId);
  if (chain === undefined) {
    chain = createExportedChain(chainId, faults);
    chains.set(chainId, chain);
  }
  if (chain.isNext(sequence)) {
    // Goes on from what the export says, so that each changed record is named, and not every one after it.
    if (!chain.isRightHash(record.bytes, record.hash)) {
      faults.add('hash_mismatch', { chainId, sequence, line: reading.lines });
    }
    chain.advance(record.hash);
  } else {
    if (sequence < chain.greatest && isBehind(reading.before, record.id)) {
      faults.add('reordered', { chainId, sequence, line: reading.lines });
    }
    if (!chain.begin(record)) {
      faults.add('export_disordered', { line: reading.lines });
      reading.isFollowed = false;
    }
  }
  noteRecord(reading, record);
}

function noteRecord(
  reading: Reading,
  { chainId, sequence, hash }: { chainId: string; sequence: number; hash: string },
): void {
  reading.records += 1;
  const covered = reading.facts?.covered.get(chainId);
  if (covered?.sequence !== sequence || covered.hash === hash) return;
  reading.faults.add('checkpoint_mismatch', { chainId, sequence, checkpoint: covered.checkpoint });
}

/** Records of a chain stand in another order where the clock was set back; then at least their ids ascend. */
function isBehind(before: Buffer | null, id: string): boolean {
  const earlier = before === null ? null : parseLine(before);
  return earlier !== null && earlier.id > id;
}

function finish({ chains, faults, facts, records, isFollowed }: Reading): AuditVerdict {
  let uncovered = 0;
  if (isFollowed) {
    for (const [chainId, chain] of chains) {
      const covered = facts?.covered.get(chainId);
      chain.finish({ covered, retired: facts?.retired.get(chainId) });
      uncovered += Math.max(0, chain.greatest - (covered?.sequence ?? 0));
    }
    for (const [chainId, { sequence, checkpoint }] of facts?.covered ?? []) {
      const isRetired = (facts?.retired.get(chainId)?.sequence ?? 0) >= sequence;
      if (!chains.has(chainId) && !isRetired) faults.add('chain_missing', { chainId, checkpoint });
    }
  }
  const newest = facts?.newest ?? null;
  return {
    isIntact: faults.faults.length === 0,
    chains: chains.size,
    records,
    checkpoints: facts?.count ?? 0,
    newestCheckpoint: newest === null ? null : { number: newest.number, at: newest.at },
    uncovered,
    retiredUntil: facts?.retiredUntil ?? null,
    faults: faults.faults,
  };
}
