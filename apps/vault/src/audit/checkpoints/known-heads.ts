import type { Storage } from '../../storage/database/storage.js';
import { findCheckpoint } from '../../storage/log/checkpoints/checkpoint-rows.js';
import {
  type ChainPosition,
  type Checkpoint,
  hashNote,
  hasOwnContents,
  noHash,
  readStored,
} from './checkpoint.js';
import { CheckpointStateError } from './signing-key-store.js';

/**
 * Where each chain stands as far as checkpoints tell, by chain id: goes back from a checkpoint that is known to be true, link by
 * link, to the last one that names all heads. Throws CheckpointStateError where a link does not hold.
 */
export async function readKnownHeads(
  storage: Storage,
  newest: Checkpoint | null,
): Promise<Map<string, ChainPosition>> {
  const heads = new Map<string, ChainPosition>();
  let current = newest;
  while (current !== null) {
    const { note, contents } = current;
    if (!hasOwnContents(current)) throw new CheckpointStateError(`Checkpoint ${note.number} was changed.`);
    // The newest first: a chain may have several parts in one checkpoint, one for each month.
    for (const { chain_id, hash, last } of contents.chains.toReversed()) {
      if (!heads.has(chain_id)) heads.set(chain_id, { chain_id, hash, sequence: last });
    }
    for (const head of contents.heads ?? []) if (!heads.has(head.chain_id)) heads.set(head.chain_id, head);
    if (contents.heads || note.previous_hash === noHash) return heads;
    current = await readBefore(storage, note);
  }
  return heads;
}

async function readBefore(storage: Storage, note: Checkpoint['note']): Promise<Checkpoint> {
  const row = await findCheckpoint(storage, note.number - 1);
  const before = row === undefined ? null : readStored(row);
  if (before === null || hashNote(before.note) !== note.previous_hash) {
    throw new CheckpointStateError(`Checkpoint ${note.number - 1} was removed or changed.`);
  }
  return before;
}
