import { OpenError } from '@alter-ai/core-crypto';
import type { Keyring } from '../../keys/keyring.js';
import type { Storage } from '../../storage/database/storage.js';
import { findCheckpoint } from '../../storage/log/checkpoints/checkpoint-rows.js';
import {
  type ChainPosition,
  type Checkpoint,
  CheckpointFormatError,
  hashNote,
  hasOwnContents,
  noHash,
  readStored,
} from './checkpoint.js';
import { type CheckpointHead, CheckpointStateError, readCheckpointHead } from './signing-key-store.js';

/** What was walked back last, for each database: what a digest names does not change. */
const walked = new WeakMap<Storage, { hash: string; heads: ReadonlyMap<string, ChainPosition> }>();
/** On SQLite the checkpoints would otherwise be read without letting anything else run. */
const stepsAtOnce = 50;

/**
 * Where each chain stands as far as checkpoints tell, by chain id: goes back from a checkpoint that is known to be true, link by
 * link, to the last one that names all heads, or to where it began the time before. Throws CheckpointStateError where a link does
 * not hold.
 */
export async function readKnownHeads(
  storage: Storage,
  newest: Checkpoint | null,
): Promise<ReadonlyMap<string, ChainPosition>> {
  if (newest === null) return new Map();
  const before = walked.get(storage);
  const heads = new Map<string, ChainPosition>();
  const addMissing = (positions: Iterable<ChainPosition>): void => {
    for (const position of positions)
      if (!heads.has(position.chain_id)) heads.set(position.chain_id, position);
  };
  let current = newest;
  for (let step = 1; ; step += 1) {
    const { note, contents } = current;
    if (before !== undefined && hashNote(note) === before.hash) {
      addMissing(before.heads.values());
      break;
    }
    if (!hasOwnContents(current)) throw new CheckpointStateError(`Checkpoint ${note.number} was changed.`);
    // The newest first: a chain may have several parts in one checkpoint, one for each month.
    addMissing(
      contents.chains.toReversed().map(({ chain_id, hash, last }) => ({ chain_id, hash, sequence: last })),
    );
    addMissing(contents.heads ?? []);
    if (contents.heads || note.previous_hash === noHash) break;
    current = await readBefore(storage, note);
    if (step % stepsAtOnce === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  walked.set(storage, { hash: hashNote(newest.note), heads });
  return heads;
}

/**
 * What the checkpoint that the sealed head names, and those before it, cover: nothing is taken from rows that nobody signed.
 * Checkpoints that do not hold cover nothing.
 */
export async function readCoveredHeads(deps: {
  storage: Storage;
  keyring: Keyring;
}): Promise<ReadonlyMap<string, ChainPosition>> {
  try {
    const known = await readCheckpointHead(deps);
    if (known === null || known.head.number === 0) return new Map();
    return await readKnownHeads(deps.storage, await readLinked(deps.storage, known.head));
  } catch (error) {
    const isDamaged =
      error instanceof CheckpointStateError ||
      error instanceof CheckpointFormatError ||
      error instanceof OpenError;
    if (!isDamaged) throw error;
    return new Map();
  }
}

function readBefore(storage: Storage, note: Checkpoint['note']): Promise<Checkpoint> {
  return readLinked(storage, { number: note.number - 1, hash: note.previous_hash });
}

async function readLinked(storage: Storage, { number, hash }: CheckpointHead): Promise<Checkpoint> {
  const row = await findCheckpoint(storage, number);
  const checkpoint = row === undefined ? null : readStored(row);
  if (checkpoint === null || hashNote(checkpoint.note) !== hash) {
    throw new CheckpointStateError(`Checkpoint ${number} was removed or changed.`);
  }
  return checkpoint;
}
