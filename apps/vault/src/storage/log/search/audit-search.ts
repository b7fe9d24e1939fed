import type { Storage } from '../../database/storage.js';
import type { AuditRecordTable } from '../../tables/log-tables.js';
import { type AuditMonth, findAuditMonth, listAuditMonths } from '../audit-tables.js';
import { searchByTerms } from './search-index.js';
import { type AuditFilter, type MonthSearch, searchMonth } from './search-month.js';
import { listTerms, readFamily } from './terms.js';

export type { AuditFilter } from './search-month.js';

/** The place of one record in the order of all: month, then id (which begins with its time). */
export interface AuditPlace {
  readonly month: AuditMonth;
  readonly id: string;
}

/** A found record with its month. */
export interface FoundRecord extends AuditRecordTable {
  readonly month: AuditMonth;
}

interface Search {
  readonly filter: AuditFilter;
  readonly order: 'asc' | 'desc';
  readonly after: AuditPlace | null;
  readonly limit: number;
}

// Ids are hex digits: whatever the order of the database's language, this one is behind all of them, and a digit more is behind an id.
const endOfIds = 'g';
/** An id is at most this much later than its record: ids of one process ascend even where its clock went back a little. */
const idLeadMs = 10_000;

/** One page of records after `after` in the given order; goes over as many months as it takes to fill it. */
export async function searchAuditRecords(storage: Storage, search: Search): Promise<FoundRecord[]> {
  const { filter, order, after, limit } = search;
  const terms = listFilterTerms(filter);
  const found: FoundRecord[] = [];
  for (const month of await listMonthsInOrder(storage, search)) {
    const bounds = findBounds(filter, order, after?.month === month ? after.id : null);
    const monthSearch: MonthSearch = { filter, order, limit: limit - found.length, ...bounds };
    const rows =
      terms.length === 0
        ? await searchMonth(storage, month, monthSearch)
        : await searchByTerms(storage, month, terms, monthSearch);
    for (const row of rows) found.push({ ...row, month });
    if (found.length >= limit) break;
  }
  return found;
}

async function listMonthsInOrder(storage: Storage, { filter, order, after }: Search): Promise<AuditMonth[]> {
  // A record stands in its own month, or in a later one if the clock went back after it.
  const first = filter.fromMs === undefined ? '' : findAuditMonth(filter.fromMs);
  const months = (await listAuditMonths(storage)).filter((month) => month >= first);
  if (order === 'desc') months.reverse();
  if (after === null) return months;
  return months.filter((month) => (order === 'asc' ? month >= after.month : month <= after.month));
}

function listFilterTerms(filter: AuditFilter): string[] {
  const isFamily = filter.kind?.endsWith('.*') === true;
  const terms = listTerms({
    appId: filter.appId ?? null,
    grantId: filter.grantId ?? null,
    providerId: filter.providerId ?? null,
    userId: filter.userId ?? null,
    outcome: filter.outcome ?? null,
    caller: filter.caller ?? null,
    kind: filter.kind ?? '',
  }).slice(2);
  if (filter.kind === undefined) return terms;
  return [...terms, isFamily ? `f:${readFamily(filter.kind)}` : `k:${filter.kind}`];
}

/** The ids that a page can have: those of its time, behind the page before. */
function findBounds(
  filter: AuditFilter,
  order: 'asc' | 'desc',
  afterId: string | null,
): { lower: string; upper: string } {
  const from = filter.fromMs === undefined ? '' : formatIdTime(filter.fromMs);
  const until = filter.untilMs === undefined ? endOfIds : formatIdTime(filter.untilMs + idLeadMs);
  if (afterId === null) return { lower: from, upper: until };
  const behind = `${afterId}0`;
  if (order === 'asc') return { lower: behind > from ? behind : from, upper: until };
  return { lower: from, upper: afterId < until ? afterId : until };
}

/** How an id of this time begins (RFC 9562 section 5.7). */
function formatIdTime(ms: number): string {
  const digits = Math.min(Math.max(0, Math.floor(ms)), 2 ** 48 - 1)
    .toString(16)
    .padStart(12, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}`;
}
