import type { Storage } from '../../database/storage.js';
import { type AuditMonth, listAuditMonths } from '../audit-tables.js';
import { writePlaces } from './places.js';
import {
  type IndexedRecord,
  insertSegment,
  listUnindexedChains,
  readForIndex,
  type SegmentTerm,
  type UnindexedChain,
} from './segment-rows.js';
import { hashTerm, listTerms, readCaller } from './terms.js';

/** Records of one segment; places in it have 16 bits. */
const recordsPerSegmentDefault = 8_192;
const recordsPerPage = 512;

/** How much one run does. */
export interface IndexWork {
  /** A chain whose last record is older than this is indexed to its end, however few they are; milliseconds since 1970. */
  readonly idleBeforeMs: number;
  readonly segmentsMax: number;
  /** 8,192 unless a test says otherwise. */
  readonly recordsPerSegment?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Indexes records behind the log, many at once (A7): an index that every insert had to keep would make a record touch a page of its
 * own for each thing it is about, which costs several times the record itself. Segments are written one after the other, each in the
 * order of its terms, so that the disk sees nothing but growth. What is not indexed yet is found all the same: searches look at it
 * one by one. @returns how many segments were made
 */
export async function indexNewRecords(storage: Storage, work: IndexWork): Promise<number> {
  const months = await listAuditMonths(storage);
  let made = 0;
  for (const chain of await listUnindexedChains(storage)) {
    made += await indexChain(storage, months, chain, { ...work, segmentsMax: work.segmentsMax - made });
    if (made >= work.segmentsMax || work.signal?.aborted === true) break;
  }
  return made;
}

async function indexChain(
  storage: Storage,
  months: readonly AuditMonth[],
  chain: UnindexedChain,
  work: IndexWork,
): Promise<number> {
  const size = work.recordsPerSegment ?? recordsPerSegmentDefault;
  let after = chain.indexed;
  let made = 0;
  for (const [index, month] of months.entries()) {
    while (made < work.segmentsMax && work.signal?.aborted !== true) {
      const records = await readSegment(storage, month, { chainId: chain.id, after, limit: size });
      const last = records.at(-1);
      if (last === undefined) break;
      const isEnded =
        last.at < work.idleBeforeMs || (await hasRecords(storage, months.slice(index + 1), chain.id));
      if (records.length < size && !isEnded) return made;
      await storeSegment(storage, month, chain.id, records);
      after = last.sequence;
      made += 1;
    }
  }
  return made;
}

async function readSegment(
  storage: Storage,
  month: AuditMonth,
  range: { chainId: string; after: number; limit: number },
): Promise<IndexedRecord[]> {
  const records: IndexedRecord[] = [];
  let { after } = range;
  while (records.length < range.limit) {
    const limit = Math.min(recordsPerPage, range.limit - records.length);
    const page = await readForIndex(storage, month, { ...range, after, limit });
    records.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < limit) break;
    after = last.sequence;
  }
  return records;
}

async function hasRecords(
  storage: Storage,
  months: readonly AuditMonth[],
  chainId: string,
): Promise<boolean> {
  for (const month of months) {
    if ((await readForIndex(storage, month, { chainId, after: 0, limit: 1 })).length > 0) return true;
  }
  return false;
}

function storeSegment(
  storage: Storage,
  month: AuditMonth,
  chainId: string,
  records: readonly IndexedRecord[],
): Promise<void> {
  const ids = records.map((record) => record.id);
  const sorted = ids.toSorted();
  const first = records[0]?.sequence ?? 0;
  const segment = {
    month,
    chain_id: chainId,
    first_sequence: first,
    last_sequence: records.at(-1)?.sequence ?? 0,
    min_id: sorted[0] ?? '',
    max_id: sorted.at(-1) ?? '',
    is_ordered: ids.every((id, index) => id === sorted[index]) ? 1 : 0,
  };
  return insertSegment(storage, segment, collectTerms(records, first));
}

function collectTerms(records: readonly IndexedRecord[], first: number): SegmentTerm[] {
  const placesOf = new Map<string, number[]>();
  for (const record of records) {
    const place = record.sequence - first;
    for (const term of listTerms({ ...record, caller: readCaller(record.record) })) {
      const places = placesOf.get(term);
      if (places === undefined) placesOf.set(term, [place]);
      else places.push(place);
    }
  }
  const terms = new Map<number, readonly number[]>();
  for (const [text, places] of placesOf) {
    const term = hashTerm(text);
    const known = terms.get(term);
    terms.set(term, known === undefined ? places : [...new Set([...known, ...places])].sort(compareNumbers));
  }
  // In the order of the table's key, so that it only ever grows at its end.
  return [...terms]
    .sort(([left], [right]) => left - right)
    .map(([term, places]) => ({ term, places: writePlaces(places, records.length) }));
}

function compareNumbers(left: number, right: number): number {
  return left - right;
}
