import type { VerifyingKey } from '@alter-ai/core-crypto';
import type { Storage } from '../../storage/database/storage.js';
import { findCheckpoint } from '../../storage/log/checkpoints/checkpoint-rows.js';
import {
  type Checkpoint,
  CheckpointFormatError,
  hashNote,
  hasOwnContents,
  isSignedNote,
  readStored,
} from '../checkpoints/checkpoint.js';
import type { FaultList } from './audit-verdict.js';

/** Compares the database with a checkpoint that was kept elsewhere: that one it must still have, or it was rolled back (A3). */
export async function checkGivenCheckpoint(
  storage: Storage,
  given: Checkpoint,
  key: VerifyingKey,
  faults: FaultList,
): Promise<void> {
  const { number } = given.note;
  if (!hasOwnContents(given) || !isSignedNote(key, given.note, given.signature)) {
    faults.add('checkpoint_foreign', { checkpoint: number });
    return;
  }
  const row = await findCheckpoint(storage, number);
  if (row === undefined) {
    faults.add('rolled_back', { checkpoint: number });
    return;
  }
  try {
    if (hashNote(readStored(row).note) === hashNote(given.note)) return;
  } catch (error) {
    if (!(error instanceof CheckpointFormatError)) throw error;
  }
  faults.add('history_rewritten', { checkpoint: number });
}
