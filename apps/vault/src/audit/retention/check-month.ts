import { chainHashHex, genesisHash } from '@alter-ai/core-crypto';
import type { Storage } from '../../storage/database/storage.js';
import { listChainsOfMonth, scanMonthOfChain } from '../../storage/log/audit-scan.js';
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
 * Verifies the oldest month before it is dropped: every record follows from the one before, and checkpoints cover them all.
 * Throws MonthNotDroppedError.
 */
export async function checkMonth(
  storage: Storage,
  month: AuditMonth,
  { covered, retired }: CheckpointFacts,
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
        const known = covered.get(chainId);
        if (known?.sequence === sequence && known.hash !== hash) {
          throw new MonthNotDroppedError(
            month,
            `record ${sequence} of chain ${chainId} is not what was signed`,
          );
        }
      }
      records += page.length;
    }
    if ((covered.get(chainId)?.sequence ?? 0) < sequence) {
      throw new MonthNotDroppedError(month, `no checkpoint covers record ${sequence} of chain ${chainId}`);
    }
    chains.push({ chain_id: chainId, hash, sequence });
  }
  return { chains, records };
}
