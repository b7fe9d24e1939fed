import type { Storage } from '../database/storage.js';
import type { AuditRecordTable, Tables } from '../tables.js';
import { type AuditMonth, nameAuditTable } from './audit-tables.js';

/** Records read at once; between two reads the server may do other work. */
const rowsPerPage = 500;

/** Kysely's name of a month's table: its shape is that of `audit_records`. */
export function selectAuditTable(month: AuditMonth): 'audit_records' & keyof Tables {
  return nameAuditTable(month) as 'audit_records';
}

/** Records of one chain after a sequence, in order, from the oldest month on, read page by page. */
export async function* scanAuditChain(
  storage: Storage,
  months: readonly AuditMonth[],
  chainId: string,
  afterSequence: number,
): AsyncGenerator<AuditRecordTable, void, undefined> {
  let after = afterSequence;
  for (const month of months) {
    for (;;) {
      const rows = await readPage(storage, month, chainId, after);
      yield* rows;
      after = rows.at(-1)?.sequence ?? after;
      if (rows.length < rowsPerPage) break;
    }
  }
}

/** Ids of all chains that have a record in a month. */
export async function listChainsOfMonth(storage: Storage, month: AuditMonth): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    // One step of the index for each chain, instead of a look at every record.
    const row = await storage.db
      .selectFrom(selectAuditTable(month))
      .select('chain_id')
      .where('chain_id', '>', ids.at(-1) ?? '')
      .orderBy('chain_id')
      .limit(1)
      .executeTakeFirst();
    if (row === undefined) return ids;
    ids.push(row.chain_id);
  }
}

async function readPage(
  storage: Storage,
  month: AuditMonth,
  chainId: string,
  afterSequence: number,
): Promise<AuditRecordTable[]> {
  if (storage.native.kind === 'sqlite') {
    await new Promise((resolve) => setImmediate(resolve));
    return storage.native.reader
      .prepare<unknown[], AuditRecordTable>(
        `select * from ${nameAuditTable(month)} where chain_id = ? and sequence > ? order by sequence limit ${rowsPerPage}`,
      )
      .all(chainId, afterSequence);
  }
  return storage.db
    .selectFrom(selectAuditTable(month))
    .selectAll()
    .where('chain_id', '=', chainId)
    .where('sequence', '>', afterSequence)
    .orderBy('sequence')
    .limit(rowsPerPage)
    .execute();
}
