import type { VerifyingKey } from '@alter-ai/core-crypto';
import { type Checkpoint, CheckpointFormatError, readExported } from '../../checkpoints/checkpoint.js';
import { createFaultList, type FaultList } from '../audit-verdict.js';
import { type CheckpointFacts, createCheckpointCheck } from '../check-checkpoints.js';
import { splitLines } from './split-lines.js';

/** What checkpoints that were kept with an export say of it, and the faults that they have themselves. */
export interface ExportExpectations {
  readonly facts: CheckpointFacts;
  readonly faults: FaultList;
}

/** Reads the checkpoints that were kept with an export, one a line, and checks them with the public key (A3). */
export async function readKeptCheckpoints(
  chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
  key: VerifyingKey,
): Promise<ExportExpectations> {
  const faults = createFaultList();
  const check = createCheckpointCheck(key, faults, { startsAnywhere: true });
  for await (const lines of splitLines(chunks)) {
    for (const line of lines) {
      const text = line.toString('utf8');
      if (text.trim() !== '') check.add(readLine(text));
    }
  }
  return { facts: check.finish(), faults };
}

function readLine(text: string): Checkpoint | null {
  try {
    return readExported(text);
  } catch (error) {
    if (error instanceof CheckpointFormatError) return null;
    throw error;
  }
}
