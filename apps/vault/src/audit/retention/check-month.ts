import { chainHashHex, genesisHash } from '@alter-ai/core-crypto';
import type { Storage } from '../../storage/database/storage.js';
import { listChainsOfMonth, scanChainHashes, scanMonthOfChain } from '../../storage/log/audit-scan.js';
import type { AuditMonth } from '../../storage/log/audit-tables.js';
import type { ChainPosition } from '../checkpoints/checkpoint.js';
import type { CheckpointFacts } from '../verify/check-checkpoints.js';

/** What is dropped with a month: where each of its chains had come by its end, and how many records there are. */
export interface MonthFacts {
  readonly chains: readonly ChainPosition[];
  readonly records: number;
}

/** A month is not dropped, because then nobody could prove any more what was wrong with it. */
export class MonthNotDroppedError extends Error {
  readonly code = 'audit_month_not_dropped';

  constructor(month: AuditMonth, reason: string) {
    super(`The audit records of ${month.replace('_', '-')} are kept: ${reason}. See "alter audit verify".`);
    this.name = 'MonthNotDroppedError';
  }
}

/**
 * Verifies the oldest month before it is dropped: every record follows from the one before, and where each chain has come by the
 * month's end is what was signed, also where the chain goes on: a part of a chain in a checkpoint ends where a month does. What comes
 * next must be there. Throws MonthNotDroppedError.
 */
export async function checkMonth(
  storage: Storage,
  month: AuditMonth,
  { covered, retired, signedEnds }: CheckpointFacts,
  signal?: AbortSignal,
): Promise<MonthFacts> {
  const chains: ChainPosition[] = [];
  let records = 0;
  for (const chainId of await listChainsOfMonth(storage, month)) {
    const start = retired.get(chainId);
    let sequence = start?.sequence ?? 0;
    let hash = start?.hash ?? genesisHash(chainId).toString('hex');
    for await (const page of scanMonthOfChain(storage, month, chainId)) {
      signal?.throwIfAborted();
      for (const [stored, record, storedHash] of page) {
        hash = chainHashHex(hash, record);
        sequence += 1;
        if (stored !== sequence || hash !== storedHash) {
          throw new MonthNotDroppedError(
            month,
            `record ${sequence} of chain ${chainId} is missing or was changed`,
          );
        }
      }
      records += page.length;
    }
    if ((covered.get(chainId)?.sequence ?? 0) < sequence) {
      throw new MonthNotDroppedError(month, `no checkpoint covers record ${sequence} of chain ${chainId}`);
    }
    const signed = signedEnds.get(chainId);
    if (signed?.sequence !== sequence || signed.hash !== hash) {
      throw new MonthNotDroppedError(
        month,
        `the records of chain ${chainId} up to ${sequence} are not what was signed`,
      );
    }
    chains.push({ chain_id: chainId, hash, sequence });
  }
  const ends = new Map([...retired.values(), ...chains].map((end) => [end.chain_id, end.sequence]));
  for (const [chainId, { sequence }] of covered) {
    const end = ends.get(chainId) ?? 0;
    if (end >= sequence || (await hasRecord(storage, chainId, end + 1))) continue;
    throw new MonthNotDroppedError(month, `record ${end + 1} of chain ${chainId} is missing`);
  }
  return { chains, records };
}

/** Whether a chain has a record in any month. */
async function hasRecord(storage: Storage, chainId: string, sequence: number): Promise<boolean> {
  const range = { chainId, after: sequence - 1, until: sequence };
  for await (const { places } of scanChainHashes(storage, range)) if (places.length > 0) return true;
  return false;
}
