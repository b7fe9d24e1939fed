import { sql } from 'kysely';
import type { Storage } from '../../database/storage.js';
import type { AuditSegmentTable } from '../../tables/log-tables.js';
import { type AuditMonth, nameAuditTable } from '../audit-tables.js';
import type { SearchedFacts } from './terms.js';

/** Terms that one transaction stores: bounds how long SQLite holds up everything else. */
const termsPerWrite = 2_000;

/** A chain with records that the index does not know. */
export interface UnindexedChain {
  readonly id: string;
  /** The index knows it up to here. */
  readonly indexed: number;
}

/** One term of a segment; see `AuditTermTable`. */
export interface SegmentTerm {
  readonly term: number;
  readonly places: Buffer;
}

/** A record as the index reads it. */
export interface IndexedRecord extends Omit<SearchedFacts, 'caller'> {
  readonly sequence: number;
  readonly id: string;
  readonly at: number;
  readonly record: string;
}

/** Chains with records that the index does not know. */
export async function listUnindexedChains(storage: Storage): Promise<UnindexedChain[]> {
  const indexed = sql<number>`coalesce((select max(s.last_sequence) from audit_segments s
    where s.chain_id = audit_chains.id), 0)`;
  const rows = await storage.db
    .selectFrom('audit_chains')
    .select(['id', indexed.as('indexed')])
    .where('sequence', '>', indexed)
    .orderBy('id')
    .execute();
  return rows.map((row) => ({ id: row.id, indexed: Number(row.indexed) }));
}

/** Records of a chain in one month after a sequence, in order. */
export async function readForIndex(
  storage: Storage,
  month: AuditMonth,
  range: { chainId: string; after: number; limit: number },
): Promise<IndexedRecord[]> {
  const text = `select sequence, id, at, kind, app_id as "appId", grant_id as "grantId", provider_id as "providerId",
    user_id as "userId", outcome, record from ${nameAuditTable(month)}
    where chain_id = $1 and sequence > $2 order by sequence limit ${range.limit}`;
  const { native } = storage;
  if (native.kind === 'sqlite') {
    await new Promise((resolve) => setImmediate(resolve));
    // The connection that has written them has their pages at hand; the other one drops its own at each commit.
    const connection = native.isHeld() ? native.reader : native.database;
    return connection.prepare<unknown[], IndexedRecord>(text).all({ 1: range.chainId, 2: range.after });
  }
  return (await native.pool.query<IndexedRecord>(text, [range.chainId, range.after])).rows;
}

/** Stores a segment: first its terms, a part at a time, then the row that makes it count. */
export async function insertSegment(
  storage: Storage,
  segment: Omit<AuditSegmentTable, 'number'>,
  terms: readonly SegmentTerm[],
): Promise<void> {
  const row = await storage.db
    .selectFrom('audit_segments')
    .select((select) => select.fn.max('number').as('number'))
    .executeTakeFirst();
  const number = Number(row?.number ?? 0) + 1;
  // What a run left that was broken off.
  await storage.db.deleteFrom('audit_terms').where('segment', '=', number).execute();
  for (let from = 0; from < terms.length; from += termsPerWrite) {
    await insertTerms(storage, number, terms.slice(from, from + termsPerWrite));
  }
  await storage.db
    .insertInto('audit_segments')
    .values({ number, ...segment })
    .execute();
}

async function insertTerms(storage: Storage, segment: number, terms: readonly SegmentTerm[]): Promise<void> {
  const { native } = storage;
  if (native.kind === 'postgres') {
    await native.pool.query(
      'insert into audit_terms (segment, term, places) select $1, term, places from unnest($2::bigint[], $3::bytea[]) as t (term, places)',
      [segment, terms.map(({ term }) => term), terms.map(({ places }) => places)],
    );
    return;
  }
  await native.runExclusive((database) => {
    const insert = database.prepare('insert into audit_terms (segment, term, places) values (?, ?, ?)');
    database.transaction(() => {
      for (const { term, places } of terms) insert.run(segment, term, places);
    })();
  });
}

/** Segments of a month that may hold ids from `lower` on and below `upper`. */
export function listSegments(
  storage: Storage,
  month: AuditMonth,
  { lower, upper }: { lower: string; upper: string },
): Promise<AuditSegmentTable[]> {
  return storage.db
    .selectFrom('audit_segments')
    .selectAll()
    .where('month', '=', month)
    .where('max_id', '>=', lower)
    .where('min_id', '<', upper)
    .execute();
}

/** The stored terms of some segments. */
export function readTerms(
  storage: Storage,
  segments: readonly number[],
  terms: readonly number[],
): Promise<{ segment: number; term: number; places: Buffer }[]> {
  return storage.db
    .selectFrom('audit_terms')
    .selectAll()
    .where('segment', 'in', [...segments])
    .where('term', 'in', [...terms])
    .execute();
}

/** Forgets the segments of months that are not in the log any more, one by one. */
export async function deleteSegmentsBeyond(
  storage: Storage,
  months: readonly AuditMonth[],
  signal?: AbortSignal,
): Promise<void> {
  let query = storage.db.selectFrom('audit_segments').select('number');
  if (months.length > 0) query = query.where('month', 'not in', [...months]);
  for (const { number } of await query.execute()) {
    if (signal?.aborted === true) return;
    await storage.db.deleteFrom('audit_terms').where('segment', '=', number).execute();
    await storage.db.deleteFrom('audit_segments').where('number', '=', number).execute();
    // On SQLite one would otherwise follow the other without letting anything else run.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
