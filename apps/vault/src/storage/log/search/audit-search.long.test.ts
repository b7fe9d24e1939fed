import { generateRootKey, parseRootKey } from '@alter-ai/core-crypto';
import { expect, it } from 'vitest';
import { forEachDatabase } from '../../../../test/databases.js';
import { openAuditLog } from '../../../audit/open-audit-log.js';
import { openKeyring } from '../../../keys/open-keyring.js';
import { type AuditFilter, type AuditPlace, searchAuditRecords } from './audit-search.js';
import { indexNewRecords } from './index-records.js';
import { listUnindexedChains } from './segment-rows.js';
import { hashTerm, readCaller } from './terms.js';

const rootKey = parseRootKey(generateRootKey());
const kinds = ['access.retrieve', 'access.retrieve', 'access.outcome', 'grant.revoked'] as const;

forEachDatabase('audit search by the index', (createDatabase) => {
  /** Records of two processes over the end of a month, one of whose clocks is set back; each with what it is about. */
  async function openLog(count: number) {
    let time = Date.UTC(2026, 10, 30, 23, 59, 0);
    const clock = () => time;
    const storage = await (await createDatabase()).open();
    const keyring = await openKeyring({ storage, rootKey, clock });
    const first = await openAuditLog({ storage, keyring, clock });
    const logs = [first, await openAuditLog({ storage, keyring, clock })];
    const records: { id: string; month: string; about: Record<string, unknown>; at: number; kind: string }[] =
      [];
    const append = async (index: number) => {
      time += index === Math.floor(count / 3) ? -30_000 : index % 7 === 0 ? 900 : 0;
      const kind = kinds[index % kinds.length] ?? 'access.retrieve';
      const about = {
        appId: index % 5 === 0 ? 'b' : 'a',
        grantId: index % 2 === 0 ? `grant-${index % 37}` : null,
        providerId: index % 97 === 0 ? 'rare' : 'google',
        userId: `user-${index % 3}`,
        caller: index % 53 === 0 ? 'rare "one"' : index % 3 === 0 ? null : 'bot',
        outcome: index % 41 === 0 ? 'deny' : 'allow',
      };
      const context = { caller: 'rare "one"', text: '"caller":"bot"' };
      const { recordId } = await (logs[index % 2] ?? first).append({ kind, ...about, context });
      records.push({ id: recordId, month: '', about, at: time, kind });
    };
    for (let index = 0; index < count; index += 1) await append(index);
    return { storage, records, append, now: () => time };
  }
  type Log = Awaited<ReturnType<typeof openLog>>;

  const isMeant = (record: Log['records'][number], { kind, fromMs, untilMs, ...filter }: AuditFilter) =>
    (kind === undefined ||
      (kind.endsWith('.*') ? record.kind.startsWith(kind.slice(0, -1)) : record.kind === kind)) &&
    (fromMs === undefined || record.at >= fromMs) &&
    (untilMs === undefined || record.at < untilMs) &&
    Object.entries(filter).every(([name, value]) => record.about[name] === value);

  /** Every record that a filter finds, page by page. */
  async function findAll({ storage }: Log, filter: AuditFilter, order: 'asc' | 'desc', limit: number) {
    const found: { month: string; id: string }[] = [];
    let after: AuditPlace | null = null;
    do {
      const page: { month: string; id: string }[] = await searchAuditRecords(storage, {
        filter,
        order,
        after,
        limit,
      });
      found.push(...page);
      after = page.length < limit ? null : (page.at(-1) ?? null);
    } while (after !== null);
    return found;
  }

  const filters: AuditFilter[] = [
    { grantId: 'grant-4' },
    { grantId: 'grant-4', outcome: 'deny' },
    { userId: 'user-1', providerId: 'rare' },
    { userId: 'user-1' },
    { caller: 'rare "one"' },
    { caller: 'bot', appId: 'b' },
    { outcome: 'deny' },
    { kind: 'grant.*' },
    { kind: 'access.outcome', userId: 'user-2' },
    { kind: 'grant.revoked', outcome: 'deny', appId: 'b' },
    { grantId: 'nobody' },
    { appId: 'a', fromMs: Date.UTC(2026, 10, 30, 23, 59, 20) },
    { outcome: 'deny', fromMs: Date.UTC(2026, 10, 30, 23, 59, 20), untilMs: Date.UTC(2026, 11, 1, 0, 0, 3) },
    { untilMs: Date.UTC(2026, 10, 30, 23, 59, 10) },
  ];

  it('A7: finds exactly what is meant, in order and on pages of any size, whatever part is indexed', async () => {
    const log = await openLog(900);
    const check = async () => {
      for (const filter of filters) {
        const meant = log.records
          .filter((record) => isMeant(record, filter))
          .map((record) => record.id)
          .sort();
        for (const [order, limit] of [
          ['desc', 7],
          ['asc', 50],
          ['desc', 1_000],
        ] as const) {
          const found = await findAll(log, filter, order, limit);
          expect([filter, found.map(({ id }) => id).sort()]).toEqual([filter, meant]);
          const places = found.map(({ month, id }) => `${month} ${id}`);
          const sorted = places.toSorted();
          expect(places).toEqual(order === 'asc' ? sorted : sorted.reverse());
        }
      }
    };
    await check();
    const work = { idleBeforeMs: 0, segmentsMax: 3, recordsPerSegment: 64 };
    expect(await indexNewRecords(log.storage, work)).toBe(3);
    await check();
    while ((await indexNewRecords(log.storage, work)) > 0);
    await check();
    expect((await listUnindexedChains(log.storage)).length).toBe(2);
    // Chains that have ended are indexed to their end.
    await indexNewRecords(log.storage, { ...work, idleBeforeMs: log.now() + 1 });
    expect(await listUnindexedChains(log.storage)).toEqual([]);
    await check();
    await log.append(900);
    await check();
  }, 120_000);

  it('two terms with one number are told apart by the records', async () => {
    const log = await openLog(40);
    await indexNewRecords(log.storage, { idleBeforeMs: log.now() + 1, segmentsMax: 9 });
    await log.storage.db
      .updateTable('audit_terms')
      .set({ term: hashTerm('g:another') })
      .where('term', '=', hashTerm('g:grant-4'))
      .execute();
    expect(await findAll(log, { grantId: 'another' }, 'desc', 10)).toEqual([]);
  });

  it("reads the caller of a record, not one in a record's objects", () => {
    const write = (caller: string | undefined) =>
      JSON.stringify({ at: 'x', caller, chain_id: 'c', context: { caller: 'no' } });
    for (const caller of ['bot', 'a "b"', '\\', '\\"', 'ä{}', ''])
      expect(readCaller(write(caller))).toBe(caller);
    expect(readCaller(write(undefined))).toBeNull();
    expect(new Set(Array.from({ length: 20_000 }, (_, index) => hashTerm(`g:${index}`))).size).toBe(20_000);
    expect(Number.isSafeInteger(hashTerm('g:x'))).toBe(true);
  });
});
