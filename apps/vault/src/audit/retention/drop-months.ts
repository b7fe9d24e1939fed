import type { Keyring } from '../../keys/keyring.js';
import type { Storage } from '../../storage/database/storage.js';
import { listChainEnds } from '../../storage/log/audit-scan.js';
import { type AuditMonth, findAuditMonth, listAuditMonths } from '../../storage/log/audit-tables.js';
import { emptyRetired, listRetired, retireAuditMonth } from '../../storage/log/retention/retired-tables.js';
import { deleteSegmentsBeyond } from '../../storage/log/search/segment-rows.js';
import type { AuditLog } from '../audit-log.js';
import { makeCheckpoint } from '../checkpoints/make-checkpoint.js';
import { createFaultList } from '../verify/audit-verdict.js';
import type { CheckpointFacts } from '../verify/check-checkpoints.js';
import { checkStoredCheckpoints } from '../verify/check-stored-checkpoints.js';
import { readAuditSettings } from './audit-settings.js';
import { checkMonth, MonthNotDroppedError } from './check-month.js';

/** What dropping months needs. */
export interface RetentionDeps {
  readonly storage: Storage;
  readonly keyring: Keyring;
  readonly clock: () => number;
  readonly audit: AuditLog;
}

/**
 * Drops the months that are older than the retention says (A5): each is verified first, and goes in the transaction of the signed
 * checkpoint that names the end of each of its chains, from which verification begins afterwards. Drops nothing where no retention
 * is set. @returns the months that were dropped
 * @throws MonthNotDroppedError, CheckpointStateError, OpenError
 */
export async function dropOldMonths(deps: RetentionDeps, signal?: AbortSignal): Promise<AuditMonth[]> {
  const { storage } = deps;
  const dropped: AuditMonth[] = [];
  const { retentionMonths } = await readAuditSettings(deps);
  if (retentionMonths !== null) {
    const oldest = countMonths(findAuditMonth(deps.clock())) - retentionMonths;
    for (const month of await listAuditMonths(storage)) {
      if (countMonths(month) >= oldest || signal?.aborted === true) break;
      await dropMonth(deps, month, signal);
      dropped.push(month);
    }
  }
  for (const month of await listRetired(storage)) await emptyRetired(storage, month, signal);
  await deleteSegmentsBeyond(storage, await listAuditMonths(storage), signal);
  return dropped;
}

async function dropMonth(
  deps: RetentionDeps,
  month: AuditMonth,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { storage } = deps;
  await makeCheckpoint(deps);
  const { chains, records } = await checkMonth(storage, month, await readFacts(deps, month), signal);
  await makeCheckpoint(deps, {
    retired: { month, chains, drop: (trx) => retireAuditMonth(trx, storage.kind, month) },
  });
  await deps.audit.append({
    kind: 'audit.month_retired',
    appId: null,
    outcome: 'ok',
    details: { month: month.replace('_', '-'), records, chains: chains.length },
  });
}

async function readFacts(deps: RetentionDeps, month: AuditMonth): Promise<CheckpointFacts> {
  const list = createFaultList();
  const ends = await listChainEnds(deps.storage, month);
  const { facts } = await checkStoredCheckpoints(deps, null, list, ends);
  const [fault] = list.faults;
  if (fault !== undefined) throw new MonthNotDroppedError(month, fault.description);
  return facts;
}

function countMonths(month: AuditMonth): number {
  const [year = 0, number = 0] = month.split('_').map(Number);
  return year * 12 + number;
}
