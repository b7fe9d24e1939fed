import type { Storage } from '../../database/storage.js';
import type { AuditRecordTable } from '../../tables/log-tables.js';
import { selectAuditTable } from '../audit-scan.js';
import { findAuditMonth, listAuditMonths } from '../audit-tables.js';

const idPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** One record by its id (UUIDv7, whose time says the month), or undefined. */
export async function findAuditRecord(storage: Storage, id: string): Promise<AuditRecordTable | undefined> {
  if (!idPattern.test(id)) return undefined;
  const month = findAuditMonth(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16));
  for (const candidate of await listAuditMonths(storage)) {
    // In its own month, or in a later one where the clock was set back.
    if (candidate < month) continue;
    const row = await storage.db
      .selectFrom(selectAuditTable(candidate))
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    if (row !== undefined) return row;
  }
  return undefined;
}

/** The chain hash after one record, or undefined where it is not there (any more). */
export async function findChainHash(
  storage: Storage,
  chainId: string,
  sequence: number,
): Promise<Buffer | undefined> {
  for (const month of (await listAuditMonths(storage)).reverse()) {
    const row = await storage.db
      .selectFrom(selectAuditTable(month))
      .select('hash')
      .where('chain_id', '=', chainId)
      .where('sequence', '=', sequence)
      .executeTakeFirst();
    if (row !== undefined) return row.hash;
  }
  return undefined;
}
