import { sql } from 'kysely';
import type { Storage } from '../../database/storage.js';
import type { AuditRecordTable, AuditSegmentTable } from '../../tables/log-tables.js';
import { selectAuditTable } from '../audit-scan.js';
import type { AuditMonth } from '../audit-tables.js';

/** What to look for; everything that is given must hold. */
export interface AuditFilter {
  readonly appId?: string | undefined;
  readonly grantId?: string | undefined;
  readonly providerId?: string | undefined;
  readonly userId?: string | undefined;
  readonly caller?: string | undefined;
  readonly outcome?: string | undefined;
  /** One kind (`access.retrieve`), or all of a family (`access.*`). */
  readonly kind?: string | undefined;
  /** From this time on, and before that one; milliseconds since 1970. */
  readonly fromMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

/** One page of one month. */
export interface MonthSearch {
  readonly filter: AuditFilter;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  /** Only ids from this one on, and below that one. */
  readonly lower: string;
  readonly upper: string;
  /** Only records of a chain: those after a sequence, or these. */
  readonly within?: { readonly chainId: string } & (
    | { readonly after: number }
    | { readonly sequences: readonly number[] }
  );
}

/** The records of a page, looked at one by one in the order of their ids, or of a chain. */
export function searchMonth(
  storage: Storage,
  month: AuditMonth,
  search: MonthSearch,
): Promise<AuditRecordTable[]> {
  const { filter, order, limit, within } = search;
  let query = storage.db.selectFrom(selectAuditTable(month)).selectAll();
  if (within !== undefined) {
    query = query.where('chain_id', '=', within.chainId);
    query =
      'after' in within
        ? query.where('sequence', '>', within.after)
        : query.where('sequence', 'in', [...within.sequences]);
  }
  if (filter.appId !== undefined) query = query.where('app_id', '=', filter.appId);
  if (filter.grantId !== undefined) query = query.where('grant_id', '=', filter.grantId);
  if (filter.providerId !== undefined) query = query.where('provider_id', '=', filter.providerId);
  if (filter.userId !== undefined) query = query.where('user_id', '=', filter.userId);
  if (filter.outcome !== undefined) query = query.where('outcome', '=', filter.outcome);
  if (filter.kind?.endsWith('.*') === true) {
    query = query.where('kind', 'like', `${filter.kind.slice(0, -1)}%`);
  } else if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind);
  if (filter.fromMs !== undefined) query = query.where('at', '>=', filter.fromMs);
  if (filter.untilMs !== undefined) query = query.where('at', '<', filter.untilMs);
  if (filter.caller !== undefined) {
    const caller =
      storage.kind === 'sqlite' ? sql`json_extract(record, '$.caller')` : sql`record::json ->> 'caller'`;
    query = query.where(sql<boolean>`${caller} = ${filter.caller}`);
  }
  // Within a chain its own key leads to few records, and the order of ids to all others.
  const id = within === undefined ? sql.ref('id') : sql`(id || '')`;
  query = query.where(sql<boolean>`${id} >= ${search.lower}`).where(sql<boolean>`${id} < ${search.upper}`);
  return query.orderBy(id, order).limit(limit).execute();
}

/** The first sequence of a segment whose id is at a bound or behind it, or the last one whose id is below. */
export async function findSequenceAt(
  storage: Storage,
  month: AuditMonth,
  segment: AuditSegmentTable,
  side: 'from' | 'below',
  id: string,
): Promise<number> {
  const { chain_id: chainId, first_sequence: first, last_sequence: last } = segment;
  const row = await storage.db
    .selectFrom(selectAuditTable(month))
    .select('sequence')
    .where('chain_id', '=', chainId)
    .where('sequence', '>=', first)
    .where('sequence', '<=', last)
    .where(sql<boolean>`(id || '') ${sql.raw(side === 'from' ? '>=' : '<')} ${id}`)
    .orderBy('sequence', side === 'from' ? 'asc' : 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.sequence ?? (side === 'from' ? last + 1 : first - 1);
}
