import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import type { Storage } from '../../database/storage.js';
import type { AuditRecordTable, AuditSegmentTable } from '../../tables/log-tables.js';
import type { Tables } from '../../tables.js';
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
  const { order, limit, within } = search;
  const table = storage.db.selectFrom(selectAuditTable(month));
  const isMeant = listConditions(storage.kind, search);
  // Within a chain its own key leads to few records, and the order of ids to all others.
  const id = within === undefined ? sql.ref<string>('id') : sql<string>`(id || '')`;
  const bounds = sql<boolean>`${id} >= ${search.lower} and ${id} < ${search.upper}`;
  if (within === undefined) {
    return table.selectAll().where(isMeant).where(bounds).orderBy(id, order).limit(limit).execute();
  }
  // Only numbers are sorted: whole records, of which one page is wanted, would all go through the sort.
  const page = table.select('sequence').where(isMeant).where(bounds).orderBy(id, order).limit(limit);
  return table
    .selectAll()
    .where('chain_id', '=', within.chainId)
    .where('sequence', 'in', page)
    .orderBy(id, order)
    .execute();
}

/** What must hold of a record, but for its id. */
function listConditions(kind: Storage['kind'], { filter, within }: MonthSearch) {
  return (is: ExpressionBuilder<Tables, 'audit_records'>) => {
    const conditions: Expression<SqlBool>[] = [];
    if (within !== undefined) {
      conditions.push(is('chain_id', '=', within.chainId));
      conditions.push(
        'after' in within ? is('sequence', '>', within.after) : is('sequence', 'in', [...within.sequences]),
      );
    }
    if (filter.appId !== undefined) conditions.push(is('app_id', '=', filter.appId));
    if (filter.grantId !== undefined) conditions.push(is('grant_id', '=', filter.grantId));
    if (filter.providerId !== undefined) conditions.push(is('provider_id', '=', filter.providerId));
    if (filter.userId !== undefined) conditions.push(is('user_id', '=', filter.userId));
    if (filter.outcome !== undefined) conditions.push(is('outcome', '=', filter.outcome));
    if (filter.kind?.endsWith('.*') === true) {
      conditions.push(is('kind', 'like', `${filter.kind.slice(0, -1)}%`));
    } else if (filter.kind !== undefined) conditions.push(is('kind', '=', filter.kind));
    if (filter.fromMs !== undefined) conditions.push(is('at', '>=', filter.fromMs));
    if (filter.untilMs !== undefined) conditions.push(is('at', '<', filter.untilMs));
    if (filter.caller !== undefined) conditions.push(matchCaller(kind, filter.caller));
    return is.and(conditions);
  };
}

function matchCaller(kind: Storage['kind'], caller: string): Expression<SqlBool> {
  // Most records are told apart by their text alone: reading it as JSON costs several times as much.
  const text = JSON.stringify(caller);
  return kind === 'sqlite'
    ? sql<SqlBool>`(instr(record, ${text}) > 0 and json_extract(record, '$.caller') = ${caller})`
    : sql<SqlBool>`(strpos(record, ${text}) > 0 and record::json ->> 'caller' = ${caller})`;
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
