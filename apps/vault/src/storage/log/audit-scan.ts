import type { Storage } from '../database/storage.js';
import type { Tables } from '../tables.js';
import { type AuditMonth, listAuditMonths, nameAuditTable } from './audit-tables.js';

/** Records read at once; between two reads the server may do other work. */
const rowsPerPage = 500;

/** Kysely's name of a month's table: its shape is that of `audit_records`. */
export function selectAuditTable(month: AuditMonth): 'audit_records' & keyof Tables {
  return nameAuditTable(month) as 'audit_records';
}

/** A record with the columns beside it, as verification needs it; a list, since making objects of millions of rows takes long. */
export type ScannedRecord = readonly [
  sequence: number,
  record: string,
  /** The chain hash after it, 64 hex digits. */
  hash: string,
  appId: string | null,
  id: string,
  at: number,
  kind: string,
  grantId: string | null,
  providerId: string | null,
  userId: string | null,
  outcome: string | null,
];

const scannedColumns = 'app_id, id, at, kind, grant_id, provider_id, user_id, outcome';

/** Records of one chain after a sequence, in order, from the oldest month on, page by page. */
export async function* scanAuditChain(
  storage: Storage,
  chainId: string,
  afterSequence: number,
): AsyncGenerator<ScannedRecord[], void, undefined> {
  let after = afterSequence;
  const months = await listAuditMonths(storage);
  for (const month of months) {
    const readPage = preparePages(storage, month, chainId);
    let next = readPage(after);
    for (;;) {
      const page = await next;
      const last = page.at(-1);
      if (last === undefined) break;
      after = last[0];
      const isLast = page.length < rowsPerPage;
      // The database reads the next page while this one is looked at.
      if (!isLast) {
        next = readPage(after);
        // Who stops reading never asks for it: then its failure is nobody's.
        next.catch(() => {});
      }
      yield page;
      if (isLast) break;
    }
  }
}

/** Records of one chain in one month, in order, page by page. */
export async function* scanMonthOfChain(
  storage: Storage,
  month: AuditMonth,
  chainId: string,
): AsyncGenerator<ScannedRecord[], void, undefined> {
  const readPage = preparePages(storage, month, chainId);
  for (let after = 0; ; ) {
    const page = await readPage(after);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    after = last[0];
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

/** Where each chain that has a record in a month has come by its end. */
export async function listChainEnds(storage: Storage, month: AuditMonth): Promise<Map<string, number>> {
  const ends = new Map<string, number>();
  for (const chainId of await listChainsOfMonth(storage, month)) {
    const row = await storage.db
      .selectFrom(selectAuditTable(month))
      .select('sequence')
      .where('chain_id', '=', chainId)
      .orderBy('sequence', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (row !== undefined) ends.set(chainId, row.sequence);
  }
  return ends;
}

/** A record's place and the chain hash after it. */
export interface HashedPlace {
  readonly sequence: number;
  readonly hash: Buffer;
}

/** Chain hashes of one chain's records after `after` up to `until`, in order, page by page, each of one month. */
export async function* scanChainHashes(
  storage: Storage,
  range: { chainId: string; after: number; until: number },
): AsyncGenerator<{ month: AuditMonth; places: HashedPlace[] }, void, undefined> {
  let { after } = range;
  for (const month of await listAuditMonths(storage)) {
    while (after < range.until) {
      const places = await readHashes(storage, month, { ...range, after });
      const last = places.at(-1);
      if (last === undefined) break;
      yield { month, places };
      after = last.sequence;
    }
  }
}

async function readHashes(
  storage: Storage,
  month: AuditMonth,
  range: { chainId: string; after: number; until: number },
): Promise<HashedPlace[]> {
  const { chainId, after, until } = range;
  if (storage.native.kind === 'sqlite') {
    // Between two pages the server does its other work.
    await new Promise((resolve) => setImmediate(resolve));
    return storage.native.reader
      .prepare<unknown[], HashedPlace>(
        `select sequence, hash from ${nameAuditTable(month)}
          where chain_id = ? and sequence > ? and sequence <= ? order by sequence limit ${rowsPerPage}`,
      )
      .all(chainId, after, until);
  }
  return storage.db
    .selectFrom(selectAuditTable(month))
    .select(['sequence', 'hash'])
    .where('chain_id', '=', chainId)
    .where('sequence', '>', after)
    .where('sequence', '<=', until)
    .orderBy('sequence')
    .limit(rowsPerPage)
    .execute();
}

/** Reads a chain's records of one month, page by page; the statement is prepared once. */
function preparePages(
  storage: Storage,
  month: AuditMonth,
  chainId: string,
): (afterSequence: number) => Promise<ScannedRecord[]> {
  const from = `from ${nameAuditTable(month)} where chain_id = $1 and sequence > $2 order by sequence limit ${rowsPerPage}`;
  const { native } = storage;
  if (native.kind === 'sqlite') {
    const text = `select sequence, record, lower(hex(hash)), ${scannedColumns} ${from}`;
    const statement = native.reader.prepare<unknown[], ScannedRecord>(text).raw();
    return async (after) => {
      // Between two pages the server does its other work.
      await new Promise((resolve) => setImmediate(resolve));
      return statement.all({ 1: chainId, 2: after });
    };
  }
  const text = `select sequence, record, encode(hash, 'hex'), ${scannedColumns} ${from}`;
  return async (after) => {
    const { rows } = await native.pool.query<ScannedRecord[]>({
      text,
      values: [chainId, after],
      rowMode: 'array',
    });
    return rows as unknown as ScannedRecord[];
  };
}
