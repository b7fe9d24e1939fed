import { chainHashHex, genesisHash } from '@alter-ai/core-crypto';
import type { ChainPosition } from '../../checkpoints/checkpoint.js';
import type { FaultList } from '../audit-verdict.js';
import type { ExportedRecord } from './exported-line.js';

/** Records of one chain that follow each other in the file without a gap. */
interface Run {
  readonly first: number;
  /** What is hashed of the first one, and its hash: what it builds on may come later in the file. */
  readonly firstBytes: Buffer;
  readonly firstHash: string;
  last: number;
  lastHash: string;
}

/** One chain of an export as far as it was read. */
export interface ExportedChain {
  /** Whether a record is the next one, and what its hash must be then. */
  isNext(sequence: number): boolean;
  isRightHash(bytes: Buffer, hash: string): boolean;
  /** Goes one record further. */
  advance(hash: string): void;
  /** Begins a new run with a record that does not follow; says whether it could: there is a limit. */
  begin(record: ExportedRecord): boolean;
  /** The greatest sequence so far. */
  readonly greatest: number;
  /** Joins the runs: reports what is missing between them, what is there twice, and what does not follow. */
  finish(known: { retired?: ChainPosition | undefined; covered?: CoveredPosition | undefined }): void;
}

type CoveredPosition = ChainPosition & { readonly checkpoint: number };

// One run for each time the clock went back, or something was removed; more than this is no export but a shuffled one.
const runsMax = 10_000;

/** Starts with no record. */
export function createExportedChain(chainId: string, faults: FaultList): ExportedChain {
  const runs: Run[] = [];
  let current: Run | undefined;
  let greatest = 0;

  function checkBeginning(first: Run, retired: ChainPosition | undefined, isWhole: boolean): void {
    const start = retired?.sequence ?? 0;
    if (first.first === start + 1) {
      const before = retired?.hash ?? genesisHash(chainId).toString('hex');
      checkHash(first, before);
    } else if (isWhole && first.first > start) {
      faults.add('beginning_missing', { chainId, sequence: start + 1 });
    }
  }

  function checkHash(run: Run, before: string): void {
    if (chainHashHex(before, run.firstBytes) === run.firstHash) return;
    faults.add('hash_mismatch', { chainId, sequence: run.first });
  }

  return {
    isNext: (sequence) => current !== undefined && sequence === current.last + 1,
    isRightHash: (bytes, hash) => current !== undefined && chainHashHex(current.lastHash, bytes) === hash,
    advance: (hash) => {
      if (current === undefined) return;
      current.last += 1;
      current.lastHash = hash;
      greatest = Math.max(greatest, current.last);
    },
    begin: ({ sequence, bytes, hash }) => {
      if (runs.length >= runsMax) return false;
      current = { first: sequence, firstBytes: bytes, firstHash: hash, last: sequence, lastHash: hash };
      runs.push(current);
      greatest = Math.max(greatest, sequence);
      return true;
    },
    get greatest() {
      return greatest;
    },
    finish: ({ retired, covered }) => {
      const sorted = runs.toSorted((left, right) => left.first - right.first);
      const [first] = sorted;
      if (first === undefined) return;
      checkBeginning(first, retired, covered !== undefined);
      let before = first;
      for (const run of sorted.slice(1)) {
        if (run.first === before.last + 1) checkHash(run, before.lastHash);
        else if (run.first > before.last) faults.add('sequence_gap', { chainId, sequence: before.last + 1 });
        else faults.add('repeated', { chainId, sequence: run.first });
        if (run.last > before.last) before = run;
      }
      if (covered !== undefined && before.last < covered.sequence) {
        faults.add('truncated', { chainId, sequence: before.last + 1, checkpoint: covered.checkpoint });
      }
    },
  };
}
