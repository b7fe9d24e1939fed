import type { VerifyingKey } from '@alter-ai/core-crypto';
import {
  type ChainPosition,
  type Checkpoint,
  type CheckpointContents,
  hashNote,
  hasOwnContents,
  isSignedNote,
  noHash,
} from '../checkpoints/checkpoint.js';
import type { FaultList } from './audit-verdict.js';
import { addToSummary, type IndexSummary } from './check-checkpoint-index.js';

/** What checkpoints say together. */
export interface CheckpointFacts {
  readonly count: number;
  readonly newest: { readonly number: number; readonly at: string; readonly hash: string } | null;
  /** The last record of each chain that a checkpoint covers. */
  readonly covered: ReadonlyMap<string, ChainPosition & { readonly checkpoint: number }>;
  /** The last record of each chain that retention dropped. */
  readonly retired: ReadonlyMap<string, ChainPosition>;
  readonly retiredUntil: string | null;
  /** Of the records that were asked about (`ends`), those at which a signed part of their chain ends. */
  readonly signedEnds: ReadonlyMap<string, ChainPosition>;
  /** What the index of checkpoints should hold of each chain. */
  readonly index: ReadonlyMap<string, IndexSummary>;
}

/** How checkpoints are read. */
export interface CheckpointCheckOptions {
  /** Whether the first one given need not be the first there is: what came before is then taken from what it names. */
  readonly startsAnywhere?: boolean;
  /** A sequence of each chain that is asked about. */
  readonly ends?: ReadonlyMap<string, number>;
}

/** Reads checkpoints one after the other; null stands for one that is none. Keeps as much as there are chains, not checkpoints. */
export interface CheckpointCheck {
  add(checkpoint: Checkpoint | null): void;
  finish(): CheckpointFacts;
}

/** Checks signatures, contents and links of checkpoints (A3). */
export function createCheckpointCheck(
  key: VerifyingKey,
  faults: FaultList,
  options: CheckpointCheckOptions = {},
): CheckpointCheck {
  const covered = new Map<string, ChainPosition & { checkpoint: number }>();
  const retired = new Map<string, ChainPosition>();
  const signedEnds = new Map<string, ChainPosition>();
  const index = new Map<string, IndexSummary>();
  let retiredUntil: string | null = null;
  let count = 0;
  let newest: CheckpointFacts['newest'] = null;
  let isBeginning = options.startsAnywhere === true;
  // False behind one that could not be read or is missing: its digest is not known.
  let isLinked = true;

  function checkLink({ note }: Checkpoint): void {
    const expected = (newest?.number ?? 0) + 1;
    if (isBeginning) return;
    if (note.number !== expected) {
      const isMissing = note.number > expected;
      faults.add(isMissing ? 'checkpoint_missing' : 'checkpoint_changed', {
        checkpoint: isMissing ? expected : note.number,
      });
      isLinked = false;
      return;
    }
    if (isLinked && note.previous_hash !== (newest?.hash ?? noHash)) {
      faults.add('checkpoint_changed', { checkpoint: Math.max(1, note.number - 1) });
    }
  }

  function checkHeads(number: number, heads: CheckpointContents['heads']): void {
    if (heads === undefined) return;
    const isSame =
      isBeginning ||
      (heads.length === covered.size &&
        heads.every((head) => {
          const known = covered.get(head.chain_id);
          return known?.sequence === head.sequence && known?.hash === head.hash;
        }));
    if (!isSame && isLinked) faults.add('checkpoint_uncontinued', { checkpoint: number });
    for (const head of heads) covered.set(head.chain_id, { ...head, checkpoint: number });
  }

  function takeContents({ note, contents }: Checkpoint): void {
    const { number } = note;
    for (const { chain_id: chainId, first, last, hash } of contents.chains) {
      const isContinued = first === (covered.get(chainId)?.sequence ?? 0) + 1;
      if (!isContinued && !isBeginning && isLinked) {
        faults.add('checkpoint_uncontinued', { chainId, sequence: first, checkpoint: number });
      }
      const position = { chain_id: chainId, hash, sequence: last };
      covered.set(chainId, { ...position, checkpoint: number });
      index.set(chainId, addToSummary(index.get(chainId), { last, number }));
      if (options.ends?.get(chainId) === last) signedEnds.set(chainId, position);
    }
    checkHeads(number, contents.heads);
    if (contents.retired === undefined) return;
    retiredUntil = contents.retired.month;
    for (const position of contents.retired.chains) retired.set(position.chain_id, position);
  }

  return {
    add: (checkpoint) => {
      count += 1;
      if (checkpoint === null) {
        const number = (newest?.number ?? 0) + 1;
        faults.add('checkpoint_changed', { checkpoint: number });
        newest = { number, at: newest?.at ?? '', hash: noHash };
        isLinked = false;
        isBeginning = false;
        return;
      }
      const { note } = checkpoint;
      checkLink(checkpoint);
      const isSigned = isSignedNote(key, note, checkpoint.signature);
      if (!isSigned) faults.add('checkpoint_forged', { checkpoint: note.number });
      const isOwn = hasOwnContents(checkpoint);
      if (!isOwn) faults.add('checkpoint_changed', { checkpoint: note.number });
      if (isSigned && isOwn) takeContents(checkpoint);
      isLinked = isSigned && isOwn;
      isBeginning = false;
      newest = { number: note.number, at: note.at, hash: hashNote(note) };
    },
    finish: () => ({ count, newest, covered, retired, retiredUntil, signedEnds, index }),
  };
}
