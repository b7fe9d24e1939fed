import { type ChainHead, chainHashHex, genesisHash, OpenError } from '@alter-ai/core-crypto';
import type { Keyring } from '../../keys/keyring.js';
import type { Storage } from '../../storage/database/storage.js';
import { findAuditChain } from '../../storage/log/audit-chains.js';
import { type ScannedRecord, scanAuditChain } from '../../storage/log/audit-scan.js';
import { createHeadSealer } from '../chain/chain-head.js';
import type { ChainPosition } from '../checkpoints/checkpoint.js';
import type { FaultList } from './audit-verdict.js';
import { hasTrueColumns } from './record-columns.js';

/** What is known of a chain before its records are read. */
export interface ChainKnowledge {
  readonly chainId: string;
  /** The last record that retention dropped. */
  readonly retired?: ChainPosition | undefined;
  /** The last record that a checkpoint covers. */
  readonly covered?: (ChainPosition & { readonly checkpoint: number }) | undefined;
}

/** Where the reading of a chain has come. */
interface Reading extends ChainKnowledge {
  sequence: number;
  /** Null behind a gap: what the next record builds on is not known. */
  hash: string | null;
  records: number;
}

/**
 * Verifies one chain in the database: each record follows from the one before, the columns say the same, the checkpointed record is
 * the one that was signed over, and the end is where the sealed head says. @returns how many records were read, and its end
 */
export async function checkStoredChain(
  deps: { storage: Storage; keyring: Keyring; onProgress?: ((records: number) => void) | undefined },
  known: ChainKnowledge,
  faults: FaultList,
): Promise<{ records: number; sequence: number }> {
  const { storage } = deps;
  const { chainId } = known;
  const reading = startReading(known);
  let head = await readHead(deps, chainId);
  if (head === null) {
    faults.add('head_unreadable', { chainId });
    return { records: 0, sequence: 0 };
  }
  for (;;) {
    const before = reading.sequence;
    for await (const page of scanAuditChain(storage, chainId, before)) {
      const last = page.at(-1)?.[0] ?? 0;
      // Records beyond the head: the writer has added them and moved the head in one commit, or somebody else has added them.
      if (last > head.sequence) head = (await readHead(deps, chainId)) ?? head;
      for (const row of page) {
        if (row[0] > head.sequence) {
          faults.add('extra_records', { chainId, sequence: row[0] });
          return reading;
        }
        addRecord(reading, row, head, faults);
      }
      deps.onProgress?.(reading.records);
    }
    // The head may have moved on after the last page was read: what it names now must be there now.
    if (reading.sequence >= head.sequence || reading.sequence === before) break;
  }
  finishReading(reading, head, faults);
  return reading;
}

function startReading(known: ChainKnowledge): Reading {
  const { chainId, retired } = known;
  return {
    ...known,
    sequence: retired?.sequence ?? 0,
    hash: retired === undefined ? genesisHash(chainId).toString('hex') : retired.hash,
    records: 0,
  };
}

function addRecord(reading: Reading, row: ScannedRecord, head: ChainHead, faults: FaultList): void {
  const { chainId, covered } = reading;
  const [sequence, record, hash] = row;
  if (sequence !== reading.sequence + 1) {
    faults.add('sequence_gap', { chainId, sequence: reading.sequence + 1 });
    reading.hash = null;
  }
  // Goes on from what is stored, so that each changed record is named, and not every one after it.
  if (reading.hash !== null && chainHashHex(reading.hash, record) !== hash) {
    faults.add('hash_mismatch', { chainId, sequence });
  } else if (!hasTrueColumns(chainId, row)) {
    faults.add('column_mismatch', { chainId, sequence });
  }
  if (sequence === covered?.sequence && covered.hash !== hash) {
    faults.add('checkpoint_mismatch', { chainId, sequence, checkpoint: covered.checkpoint });
  }
  if (sequence === head.sequence && hash !== Buffer.from(head.hash).toString('hex')) {
    faults.add('head_mismatch', { chainId, sequence });
  }
  reading.sequence = sequence;
  reading.hash = hash;
  reading.records += 1;
}

function finishReading({ chainId, sequence, covered }: Reading, head: ChainHead, faults: FaultList): void {
  if (sequence < head.sequence) faults.add('truncated', { chainId, sequence: sequence + 1 });
  else if (covered !== undefined && sequence < covered.sequence) {
    // Records, head and chain row were put back together: only the checkpoint knows better.
    faults.add('truncated', { chainId, sequence: sequence + 1, checkpoint: covered.checkpoint });
  }
}

async function readHead(
  deps: { storage: Storage; keyring: Keyring },
  chainId: string,
): Promise<ChainHead | null> {
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
