import type { Storage } from '../../database/storage.js';
import type { AuditRecordTable, AuditSegmentTable } from '../../tables/log-tables.js';
import type { AuditMonth } from '../audit-tables.js';
import { type MonthSearch, searchMonth } from './search-month.js';
import { listSegments, listUnindexedChains, readTerms } from './segment-rows.js';
import { hashTerm } from './terms.js';

const segmentsPerRead = 64;

/**
 * One page of a month's records that are about all of `terms`, by the index: segment after segment in the order of the page, until no
 * other one can hold a record that belongs before the last of it. What the index does not know yet is looked through.
 */
export async function searchByTerms(
  storage: Storage,
  month: AuditMonth,
  terms: readonly string[],
  search: MonthSearch,
): Promise<AuditRecordTable[]> {
  const { order, limit } = search;
  const found = createPage(order, limit);
  // Before the segments: what is indexed meanwhile is found twice rather than not at all.
  for (const chain of await listUnindexedChains(storage)) {
    const within = { chainId: chain.id, after: chain.indexed };
    found.add(await searchMonth(storage, month, { ...search, within }));
  }
  const hashes = [...new Set(terms.map(hashTerm))];
  const segments = await listSegments(storage, month, search);
  segments.sort((left, right) =>
    order === 'asc' ? compare(left.min_id, right.min_id) : compare(right.max_id, left.max_id),
  );
  for (let from = 0; from < segments.length; from += segmentsPerRead) {
    const some = segments.slice(from, from + segmentsPerRead);
    if (some[0] !== undefined && found.isComplete(some[0])) break;
    const numbers = some.map((segment) => segment.number);
    const stored = new Map<number, (Buffer | null)[]>();
    for (const { segment, places } of await readTerms(storage, numbers, hashes)) {
      stored.set(segment, [...(stored.get(segment) ?? []), places]);
    }
    for (const segment of some) {
      const lists = stored.get(segment.number);
      if (lists?.length !== hashes.length) continue;
      if (found.isComplete(segment)) break;
      found.add(await searchSegment(storage, month, segment, lists, search));
    }
  }
  return found.list();
}

async function searchSegment(
  storage: Storage,
  month: AuditMonth,
  segment: AuditSegmentTable,
  lists: readonly (Buffer | null)[],
  search: MonthSearch,
): Promise<AuditRecordTable[]> {
  const places = intersect(lists);
  if (places === null) {
    // In most of its records: the order of ids leads to a full page soon.
    const lower = segment.min_id > search.lower ? segment.min_id : search.lower;
    const end = `${segment.max_id}0`;
    const upper = end < search.upper ? end : search.upper;
    return searchMonth(storage, month, { ...search, lower, upper });
  }
  if (places.length === 0) return [];
  const sequences = places.map((place) => segment.first_sequence + place);
  return searchMonth(storage, month, { ...search, within: { chainId: segment.chain_id, sequences } });
}

/** Places that are in all lists; null where every list stands for many. */
function intersect(lists: readonly (Buffer | null)[]): number[] | null {
  let common: number[] | null = null;
  for (const list of lists) {
    if (list === null) continue;
    const places = Array.from({ length: list.length / 2 }, (_, index) => list.readUInt16LE(index * 2));
    const known: ReadonlySet<number> | null = common === null ? null : new Set(common);
    common = known === null ? places : places.filter((place) => known.has(place));
  }
  return common;
}

/** The first records of a page in its order, each once. */
function createPage(order: 'asc' | 'desc', limit: number) {
  const records = new Map<string, AuditRecordTable>();
  const list = () =>
    [...records.values()]
      .sort((left, right) => (order === 'asc' ? compare(left.id, right.id) : compare(right.id, left.id)))
      .slice(0, limit);
  let last: string | undefined;
  return {
    list,
    add: (rows: readonly AuditRecordTable[]) => {
      if (rows.length === 0) return;
      for (const row of rows) records.set(row.id, row);
      last = records.size < limit ? undefined : list().at(-1)?.id;
    },
    /** Whether no record of this segment, nor of those behind it, can belong to the page. */
    isComplete: (segment: AuditSegmentTable) =>
      last !== undefined && (order === 'asc' ? segment.min_id > last : segment.max_id < last),
  };
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
