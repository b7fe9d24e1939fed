import type { Storage } from '../../database/storage.js';
import type { AuditRecordTable } from '../../tables/log-tables.js';
import { selectAuditTable } from '../audit-scan.js';
import { type AuditMonth, findAuditMonth, listAuditMonths } from '../audit-tables.js';

/** What to look for; everything that is given must hold. */
export interface AuditFilter {
  readonly appId?: string | undefined;
  readonly grantId?: string | undefined;
  readonly providerId?: string | undefined;
  readonly userId?: string | undefined;
  readonly outcome?: string | undefined;
  /** One kind (`access.retrieve`), or all of a family (`access.*`). */
  readonly kind?: string | undefined;
  /** From this time on, and before that one; milliseconds since 1970. */
  readonly fromMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

/** The place of one record in the order of all: month, then id (which begins with its time). */
export interface AuditPlace {
  readonly month: AuditMonth;
  readonly id: string;
}

/** A found record with its month. */
export interface FoundRecord extends AuditRecordTable {
  readonly month: AuditMonth;
}

/** One page of records after `after` in the given order; goes over as many months as it takes to fill it. */
export async function searchAuditRecords(
  storage: Storage,
  search: { filter: AuditFilter; order: 'asc' | 'desc'; after: AuditPlace | null; limit: number },
): Promise<FoundRecord[]> {
  const { filter, order, after, limit } = search;
  const months = await listMonthsInOrder(storage, search);
  const found: FoundRecord[] = [];
  for (const month of months) {
    const rows = await searchMonth(storage, month, {
      filter,
      order,
      afterId: after?.month === month ? after.id : null,
      limit: limit - found.length,
    });
    for (const row of rows) found.push({ ...row, month });
    if (found.length >= limit) break;
  }
  return found;
}

async function listMonthsInOrder(
  storage: Storage,
  search: { filter: AuditFilter; order: 'asc' | 'desc'; after: AuditPlace | null },
): Promise<AuditMonth[]> {
  const { filter, order, after } = search;
  // A record stands in its own month, or in a later one if the clock went back after it.
  const first = filter.fromMs === undefined ? '' : findAuditMonth(filter.fromMs);
  const months = (await listAuditMonths(storage)).filter((month) => month >= first);
  if (order === 'desc') months.reverse();
  if (after === null) return months;
  return months.filter((month) => (order === 'asc' ? month >= after.month : month <= after.month));
}

function searchMonth(
  storage: Storage,
  month: AuditMonth,
  search: { filter: AuditFilter; order: 'asc' | 'desc'; afterId: string | null; limit: number },
): Promise<AuditRecordTable[]> {
  const { filter, order, afterId, limit } = search;
  let query = storage.db.selectFrom(selectAuditTable(month)).selectAll();
  if (filter.appId !== undefined) query = query.where('app_id', '=', filter.appId);
  if (filter.grantId !== undefined) query = query.where('grant_id', '=', filter.grantId);
  if (filter.providerId !== undefined) query = query.where('provider_id', '=', filter.providerId);
  if (filter.userId !== undefined) query = query.where('user_id', '=', filter.userId);
  if (filter.outcome !== undefined) query = query.where('outcome', '=', filter.outcome);
  if (filter.kind?.endsWith('.*') === true)
    query = query.where('kind', 'like', `${filter.kind.slice(0, -1)}%`);
  else if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind);
  if (filter.fromMs !== undefined) query = query.where('at', '>=', filter.fromMs);
  if (filter.untilMs !== undefined) query = query.where('at', '<', filter.untilMs);
  if (afterId !== null) query = query.where('id', order === 'asc' ? '>' : '<', afterId);
  return query.orderBy('id', order).limit(limit).execute();
}
