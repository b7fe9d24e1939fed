import type { Transaction } from 'kysely';
import type { Storage } from '../database/storage.js';
import type { Tables } from '../tables.js';
import { selectAuditTable } from './audit-scan.js';
import { type AuditMonth, findAuditMonth, listAuditMonths } from './audit-tables.js';

/** A chain that has records which a consumer has not read. */
export interface ChainNews {
  readonly chainId: string;
  readonly startedAt: number;
  /** The consumer has read up to here. */
  readonly after: number;
  /** The chain's last durable record. */
  readonly head: number;
}

/** What a consumer reads of a record. */
export interface LoggedRecord {
  readonly id: string;
  readonly at: number;
  readonly kind: string;
  readonly sequence: number;
  readonly month: AuditMonth;
  readonly record: string;
  readonly hash: Buffer;
}

/** Records looked at in one read; bounds how long SQLite holds up everything else. */
const sequencesPerRead = 2_000;

/**
 * Lets a consumer follow the log from now on: what is durable when the transaction commits is behind it. Chains have one writer
 * each, and their sequence has no gaps: a place in each chain is a place in the whole log, whatever clocks and commits do.
 */
export async function addConsumer(trx: Transaction<Tables>, name: string, nowMs: number): Promise<void> {
  const result = await trx
    .insertInto('audit_consumers')
    .values({ name, created_at: nowMs })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirst();
  if (result.numInsertedOrUpdatedRows === 1n) await skipToHeads(trx, name);
}

/** Puts a consumer behind everything that is durable now. */
export async function skipToHeads(trx: Transaction<Tables>, name: string): Promise<void> {
  const chains = await trx.selectFrom('audit_chains').select(['id', 'sequence']).execute();
  for (const chain of chains) await advanceCursor(trx, name, chain.id, chain.sequence);
}

/** Forgets a consumer and its places. */
export async function removeConsumer(trx: Transaction<Tables>, name: string): Promise<void> {
  await trx.deleteFrom('audit_cursors').where('consumer', '=', name).execute();
  await trx.deleteFrom('audit_consumers').where('name', '=', name).execute();
}

/** Notes that a consumer has read a chain up to a sequence; it never goes back. */
export async function advanceCursor(
  trx: Transaction<Tables>,
  consumer: string,
  chainId: string,
  sequence: number,
): Promise<void> {
  await trx
    .insertInto('audit_cursors')
    .values({ consumer, chain_id: chainId, sequence })
    .onConflict((conflict) =>
      conflict
        .columns(['consumer', 'chain_id'])
        .doUpdateSet({ sequence })
        .where('audit_cursors.sequence', '<', sequence),
    )
    .execute();
}

/** Chains with records that a consumer has not read, the oldest first. */
export async function listChainNews(storage: Storage, consumer: string): Promise<ChainNews[]> {
  const rows = await storage.db
    .selectFrom('audit_chains as chain')
    .leftJoin('audit_cursors as cursor', (join) =>
      join.onRef('cursor.chain_id', '=', 'chain.id').on('cursor.consumer', '=', consumer),
    )
    .select(['chain.id', 'chain.started_at', 'chain.sequence', 'cursor.sequence as read'])
    .where((is) =>
      is.or([is('cursor.sequence', 'is', null), is('chain.sequence', '>', is.ref('cursor.sequence'))]),
    )
    .where('chain.sequence', '>', 0)
    .orderBy('chain.started_at')
    .orderBy('chain.id')
    .execute();
  return rows.map((row) => ({
    chainId: row.id,
    startedAt: row.started_at,
    after: row.read ?? 0,
    head: row.sequence,
  }));
}

/**
 * Reads on in one chain, in order, at most `limit` records, all or those of one app; `through` is the sequence up to which
 * nothing is left to read. Records of a month that retention has dropped are passed over.
 */
export async function readChainNews(
  storage: Storage,
  news: ChainNews,
  options: { limit: number; appId?: string },
): Promise<{ records: LoggedRecord[]; through: number }> {
  const until = Math.min(news.head, news.after + sequencesPerRead);
  // A chain never stands in a month before the one it was begun in.
  const first = findAuditMonth(news.startedAt);
  const records: LoggedRecord[] = [];
  for (const month of await listAuditMonths(storage)) {
    if (month < first) continue;
    let query = storage.db
      .selectFrom(selectAuditTable(month))
      .select(['id', 'at', 'kind', 'sequence', 'record', 'hash'])
      .where('chain_id', '=', news.chainId)
      .where('sequence', '>', news.after)
      .where('sequence', '<=', until);
    if (options.appId !== undefined) query = query.where('app_id', '=', options.appId);
    const rows = await query
      .orderBy('sequence')
      .limit(options.limit - records.length)
      .execute();
    for (const row of rows) records.push({ ...row, month });
    const last = records.at(-1);
    if (last !== undefined && records.length >= options.limit) return { records, through: last.sequence };
  }
  return { records, through: until };
}

/** Records of one app by their months and ids: text by id. What retention has dropped is missing. */
export async function readLoggedRecords(
  storage: Storage,
  appId: string,
  places: readonly { month: AuditMonth; id: string }[],
): Promise<Map<string, string>> {
  const months = new Set(await listAuditMonths(storage));
  const texts = new Map<string, string>();
  for (const month of new Set(places.map((place) => place.month))) {
    if (!months.has(month)) continue;
    const ids = places.filter((place) => place.month === month).map((place) => place.id);
    const rows = await storage.db
      .selectFrom(selectAuditTable(month))
      .select(['id', 'record'])
      .where('id', 'in', ids)
      .where('app_id', '=', appId)
      .execute();
    for (const row of rows) texts.set(row.id, row.record);
  }
  return texts;
}

/** The month that holds an app's record, or undefined when there is no such record (any more). */
export async function findRecordMonth(
  storage: Storage,
  key: { id: string; appId: string },
): Promise<AuditMonth | undefined> {
  for (const month of (await listAuditMonths(storage)).reverse()) {
    if ((await readLoggedRecords(storage, key.appId, [{ month, id: key.id }])).size > 0) return month;
  }
  return undefined;
}
