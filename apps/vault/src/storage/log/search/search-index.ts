import type { Storage } from '../../database/storage.js';
import type { AuditRecordTable, AuditSegmentTable } from '../../tables/log-tables.js';
import type { AuditMonth } from '../audit-tables.js';
import { intersectPlaces } from './places.js';
import { findSequenceAt, type MonthSearch, searchMonth } from './search-month.js';
import { listSegments, listUnindexedChains, readTerms } from './segment-rows.js';
import { hashTerm } from './terms.js';

const segmentsPerRead = 64;

/** Records of one segment that may be meant, in the order of the page; what was looked at is taken out. */
interface Candidates {
  readonly segment: AuditSegmentTable;
  sequences: number[];
}

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
  const page = createPage(order, limit);
  // Before the segments: what is indexed meanwhile is found twice rather than not at all.
  for (const chain of await listUnindexedChains(storage)) {
    const within = { chainId: chain.id, after: chain.indexed };
    page.add(await searchMonth(storage, month, { ...search, within }));
  }
  const hashes = [...new Set(terms.map(hashTerm))];
  const segments = await listSegments(storage, month, search);
  segments.sort((left, right) =>
    order === 'asc' ? compare(left.min_id, right.min_id) : compare(right.max_id, left.max_id),
  );
  for (let from = 0; from < segments.length; from += segmentsPerRead) {
    const some = segments.slice(from, from + segmentsPerRead);
    if (some[0] !== undefined && page.isComplete(some[0])) break;
    await addSegments(storage, month, some, hashes, search, page);
  }
  return page.list();
}

async function addSegments(
  storage: Storage,
  month: AuditMonth,
  segments: readonly AuditSegmentTable[],
  hashes: readonly number[],
  search: MonthSearch,
  page: Page,
): Promise<void> {
  const written = new Map<number, Buffer[]>();
  for (const { segment, places } of await readTerms(
    storage,
    segments.map(({ number }) => number),
    hashes,
  )) {
    written.set(segment, [...(written.get(segment) ?? []), places]);
  }
  let waiting: Candidates[] = [];
  let count = 0;
  for (const segment of segments) {
    const lists = written.get(segment.number);
    if (lists?.length !== hashes.length) continue;
    const sequences = await listCandidates(storage, month, segment, lists, search);
    if (sequences.length === 0) continue;
    waiting.push({ segment, sequences });
    count += Math.min(sequences.length, search.limit);
    // The records of many segments are read at once, but not more than may be needed.
    if (count < search.limit) continue;
    await readCandidates(storage, month, waiting, search, page);
    if (page.isComplete(segment)) return;
    waiting = [];
    count = 0;
  }
  await readCandidates(storage, month, waiting, search, page);
}

async function listCandidates(
  storage: Storage,
  month: AuditMonth,
  segment: AuditSegmentTable,
  lists: readonly Buffer[],
  search: MonthSearch,
): Promise<number[]> {
  const { first_sequence: first, last_sequence: last } = segment;
  let sequences = intersectPlaces(lists, last - first + 1).map((place) => first + place);
  if (segment.is_ordered === 1 && sequences.length > search.limit) {
    // A page that begins or a time that ends in the middle of the segment leaves only one side of it.
    if (segment.min_id < search.lower) {
      const from = await findSequenceAt(storage, month, segment, 'from', search.lower);
      sequences = sequences.filter((sequence) => sequence >= from);
    }
    if (segment.max_id >= search.upper) {
      const until = await findSequenceAt(storage, month, segment, 'below', search.upper);
      sequences = sequences.filter((sequence) => sequence <= until);
    }
  }
  return search.order === 'asc' ? sequences : sequences.reverse();
}

/** Reads what the page needs of the candidates: of each segment the first ones, and more where some of them are not what was meant. */
async function readCandidates(
  storage: Storage,
  month: AuditMonth,
  candidates: readonly Candidates[],
  search: MonthSearch,
  page: Page,
): Promise<void> {
  let open = candidates;
  while (open.length > 0) {
    const byChain = new Map<string, number[]>();
    for (const { segment, sequences } of open) {
      // Where the ids do not ascend, the first ones may be anywhere.
      const count = segment.is_ordered === 1 ? search.limit : sequences.length;
      const known = byChain.get(segment.chain_id) ?? [];
      byChain.set(segment.chain_id, [...known, ...sequences.splice(0, count)]);
    }
    const found: AuditRecordTable[] = [];
    for (const [chainId, sequences] of byChain) {
      const within = { chainId, sequences };
      found.push(...(await searchMonth(storage, month, { ...search, limit: sequences.length, within })));
    }
    page.add(found);
    open = open.filter(({ segment, sequences }) => {
      const isMeant = ({ chain_id, sequence }: AuditRecordTable) =>
        chain_id === segment.chain_id &&
        sequence >= segment.first_sequence &&
        sequence <= segment.last_sequence;
      return sequences.length > 0 && found.filter(isMeant).length < search.limit;
    });
  }
}

/** The first records of a page in its order, each once. */
interface Page {
  add(rows: readonly AuditRecordTable[]): void;
  /** Whether no record of this segment, nor of those behind it, can belong to the page. */
  isComplete(segment: AuditSegmentTable): boolean;
  list(): AuditRecordTable[];
}

function createPage(order: 'asc' | 'desc', limit: number): Page {
  const records = new Map<string, AuditRecordTable>();
  const list = () =>
    [...records.values()]
      .sort((left, right) => (order === 'asc' ? compare(left.id, right.id) : compare(right.id, left.id)))
      .slice(0, limit);
  let last: string | undefined;
  return {
    list,
    add: (rows) => {
      if (rows.length === 0) return;
      for (const row of rows) records.set(row.id, row);
      last = records.size < limit ? undefined : list().at(-1)?.id;
    },
    isComplete: (segment) =>
      last !== undefined && (order === 'asc' ? segment.min_id > last : segment.max_id < last),
  };
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
