import type { Storage } from '../../storage/database/storage.js';
import { indexModulus, summarizeIndex } from '../../storage/log/checkpoints/index-rows.js';
import type { FaultList } from './audit-verdict.js';

/** What the index by which receipts find their checkpoint should hold of one chain. */
export interface IndexSummary {
  readonly rows: number;
  readonly digest: number;
}

/** The summary with one row more. */
export function addToSummary(
  summary: IndexSummary | undefined,
  row: { readonly last: number; readonly number: number },
): IndexSummary {
  const digest = (row.last % indexModulus) * (row.number % indexModulus);
  return { rows: (summary?.rows ?? 0) + 1, digest: (summary?.digest ?? 0) + digest };
}

/**
 * Compares the index of checkpoints, which nobody signs, with what checkpoints up to a number say. Whoever changes it hides no record,
 * but keeps receipts from being found.
 */
export async function checkCheckpointIndex(
  storage: Storage,
  expected: ReadonlyMap<string, IndexSummary>,
  untilNumber: number,
  faults: FaultList,
): Promise<void> {
  const found = await summarizeIndex(storage, untilNumber);
  for (const chainId of new Set([...expected.keys(), ...found.keys()])) {
    const [wanted, stored] = [expected.get(chainId), found.get(chainId)];
    if (wanted?.rows === stored?.rows && wanted?.digest === stored?.digest) continue;
    faults.add('checkpoint_index_changed', { chainId });
  }
}
