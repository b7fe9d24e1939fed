import { generateRootKey, parseRootKey } from '@alter-ai/core-crypto';
import { expect, it } from 'vitest';
import { forEachDatabase, type TestDatabase } from '../../test/databases.js';
import { openKeyring } from '../keys/open-keyring.js';
import { openAuditLog } from './open-audit-log.js';

const now = Date.UTC(2026, 10, 21, 12);
const rootKey = parseRootKey(generateRootKey());

async function openLog(database: TestDatabase, clock = () => now) {
  const storage = await database.open();
  const keyring = await openKeyring({ storage, rootKey, clock });
  const failures: unknown[] = [];
  const log = await openAuditLog({ storage, keyring, clock, onFailure: (error) => failures.push(error) });
  return { storage, keyring, log, failures };
}
const retrieve = { kind: 'access.retrieve', appId: 'app-1', grantId: 'grant-1', decision: 'allow' } as const;
const claim = (nonce: string, timestampSeconds = now / 1000) => ({
  apiKeyId: 'key-1',
  nonce,
  timestampSeconds,
});

forEachDatabase('audit log', (createDatabase, kind) => {
  it('A1: a record is in the database when append resolves', async () => {
    const { storage, log } = await openLog(await createDatabase());
    const { recordId, isNonceAccepted } = await log.append(retrieve, claim('n1'));
    const row = await storage.db
      .selectFrom('audit_2026_11' as 'audit_records')
      .selectAll()
      .executeTakeFirstOrThrow();
    expect([row.id, isNonceAccepted, row.sequence]).toEqual([recordId, true, 1]);
    expect(JSON.parse(row.record)).toMatchObject({
      id: recordId,
      kind: 'access.retrieve',
      app_id: 'app-1',
      grant_id: 'grant-1',
      decision: 'allow',
      outcome: 'allow',
      at: '2026-11-21T12:00:00.000Z',
      sequence: 1,
    });
  });

  it('A6: calls that come together share one write', async () => {
    const { storage, log } = await openLog(await createDatabase());
    await log.append({ kind: 'server.started', appId: null });
    let commits = 0;
    const appendMany = () =>
      Promise.all(Array.from({ length: 200 }, (_, index) => log.append(retrieve, claim(`n${index}`))));
    const target = storage.native.kind === 'sqlite' ? storage.native : storage.native.pool;
    const name = storage.native.kind === 'sqlite' ? 'runExclusive' : 'query';
    const original = Reflect.get(target, name).bind(target);
    Reflect.set(target, name, (...parts: unknown[]) => {
      commits += 1;
      return original(...parts);
    });
    await appendMany();
    expect(commits).toBe(1);
    const rows = await storage.db
      .selectFrom('audit_2026_11' as 'audit_records')
      .select('sequence')
      .orderBy('sequence')
      .execute();
    expect(rows.map((row) => row.sequence)).toEqual(Array.from({ length: 201 }, (_, index) => index + 1));
  });

  it('records that are appended by those who were just told go into the next write', async () => {
    const { storage, log } = await openLog(await createDatabase());
    await log
      .append(retrieve)
      .then(() => log.append(retrieve))
      .then(() => log.append(retrieve));
    await Promise.all([1, 2, 3].map(() => log.append(retrieve).then(() => log.append(retrieve))));
    await log.flush();
    const rows = await storage.db
      .selectFrom('audit_2026_11' as 'audit_records')
      .select('sequence')
      .execute();
    expect(rows).toHaveLength(9);
  });

  it('T1: a nonce is accepted once: in one batch, later, with another key it is another', async () => {
    const { storage, log } = await openLog(await createDatabase());
    const together = await Promise.all([1, 2, 3].map(() => log.append(retrieve, claim('same'))));
    expect(together.map((result) => result.isNonceAccepted)).toEqual([true, false, false]);
    expect((await log.append(retrieve, claim('same'))).isNonceAccepted).toBe(false);
    expect((await log.append(retrieve, { ...claim('same'), apiKeyId: 'key-2' })).isNonceAccepted).toBe(true);
    expect([log.wasNonceSeen(claim('same')), log.wasNonceSeen(claim('other'))]).toEqual([true, false]);
    expect([await log.claimNonce(claim('plain')), await log.claimNonce(claim('plain'))]).toEqual([
      true,
      false,
    ]);
    const rows = await storage.db
      .selectFrom('audit_2026_11' as 'audit_records')
      .select('record')
      .orderBy('sequence')
      .execute();
    const kinds = rows.map((row) => JSON.parse(row.record));
    expect(kinds.map((record) => record.kind)).toEqual([
      'access.retrieve',
      ...Array(3).fill('security.nonce_reused'),
      'access.retrieve',
    ]);
    expect(kinds[1]).toMatchObject({
      decision: 'deny',
      error_code: 'nonce_reused',
      details: { attempted_kind: 'access.retrieve' },
      grant_id: 'grant-1',
    });
  });

  it.skipIf(kind === 'sqlite')(
    'T1: a nonce is accepted once over two processes and after a restart',
    async () => {
      const database = await createDatabase();
      const [first, second] = [await openLog(database), await openLog(database)];
      const results = await Promise.all([
        ...Array.from({ length: 50 }, (_, index) => first.log.append(retrieve, claim(`n${index}`))),
        ...Array.from({ length: 50 }, (_, index) => second.log.append(retrieve, claim(`n${index}`))),
      ]);
      expect(results.filter((result) => result.isNonceAccepted)).toHaveLength(50);
      expect(
        results
          .slice(0, 50)
          .map((result, index) => result.isNonceAccepted !== results[50 + index]?.isNonceAccepted),
      ).toEqual(Array(50).fill(true));
      for (const { log, storage } of [first, second]) {
        await log.close();
        await storage.close();
      }
      const restarted = await openLog(database);
      expect(await restarted.log.claimNonce(claim('n7'))).toBe(false);
      expect((await restarted.log.append(retrieve, claim('n8'))).isNonceAccepted).toBe(false);
      expect(await restarted.log.claimNonce(claim('fresh'))).toBe(true);
    },
  );

  it('T1: a nonce is accepted once, before and after a restart, also near the ends of a period', async () => {
    let time = now;
    const clock = () => time;
    const database = await createDatabase();
    const first = await openLog(database, clock);
    const claims = [-300, -1, 0, 1, 299, 300].flatMap((age) =>
      Array.from({ length: 20 }, (_, index) => claim(`n${index}`, now / 1000 - age)),
    );
    const isFirst = claims.map((one, index) => {
      const key = (other: typeof one) => `${Math.floor(other.timestampSeconds / 900)} ${other.nonce}`;
      return claims.findIndex((other) => key(other) === key(one)) === index;
    });
    expect(await Promise.all(claims.map((one) => first.log.claimNonce(one)))).toEqual(isFirst);
    await first.log.close();
    await first.storage.close();
    time += 290_000;
    const restarted = await openLog(database, clock);
    expect(new Set(await Promise.all(claims.map((one) => restarted.log.claimNonce(one))))).toEqual(
      new Set([false]),
    );
    expect((await restarted.log.append(retrieve, claim('n3'))).isNonceAccepted).toBe(false);
    expect(await restarted.log.claimNonce(claim('fresh'))).toBe(true);
  });

  it('makes the table of the next month ahead, and of any month when it comes', async () => {
    let time = now;
    const { storage, log } = await openLog(await createDatabase(), () => time);
    await storage.db
      .selectFrom('audit_2026_12' as 'audit_records')
      .selectAll()
      .execute();
    time = Date.UTC(2027, 1, 1);
    await log.append(retrieve);
    time = now;
    await log.append(retrieve);
    const rows = await storage.db
      .selectFrom('audit_2027_02' as 'audit_records')
      .select(['sequence', 'at'])
      .orderBy('sequence')
      .execute();
    expect(rows).toEqual([
      { sequence: 1, at: Date.UTC(2027, 1, 1) },
      { sequence: 2, at: now },
    ]);
  });

  it('A5: records can be neither changed nor deleted in the database', async () => {
    const { storage, log } = await openLog(await createDatabase());
    await log.append(retrieve);
    const table = 'audit_2026_11' as 'audit_records';
    await expect(storage.db.updateTable(table).set({ kind: 'x' }).execute()).rejects.toThrow('append-only');
    await expect(storage.db.deleteFrom(table).execute()).rejects.toThrow('append-only');
  });

  it('A1: what cannot be written is refused, and the log goes on when the database does', async () => {
    const { storage, log, failures } = await openLog(await createDatabase());
    await log.append(retrieve);
    await storage.db.schema.alterTable('audit_2026_11').renameTo('gone').execute();
    const refused = await Promise.allSettled([1, 2, 3].map(() => log.append(retrieve)));
    expect(refused.map((result) => result.status === 'rejected' && result.reason.code)).toEqual(
      Array(3).fill('audit_unavailable'),
    );
    expect(failures).toHaveLength(1);
    await storage.db.schema.alterTable('gone').renameTo('audit_2026_11').execute();
    await log.append(retrieve);
    const chains = await storage.db.selectFrom('audit_chains').select('sequence').orderBy('id').execute();
    expect(chains.map((chain) => chain.sequence)).toEqual([1, 1]);
  });

  it('refuses to append inside a transaction, and after it was closed', async () => {
    const { storage, log } = await openLog(await createDatabase());
    await expect(storage.transaction(() => log.append(retrieve))).rejects.toThrow('inside a transaction');
    const last = log.append(retrieve);
    await log.close();
    await expect(last).resolves.toMatchObject({ isNonceAccepted: true });
    await expect(log.append(retrieve)).rejects.toMatchObject({ code: 'audit_unavailable' });
  });

  it('writes hostile text without harm to the others in the batch', async () => {
    const { storage, log } = await openLog(await createDatabase());
    const hostile = {
      ...retrieve,
      grantId: 'a\0b\ud800',
      reason: '\ud800\0"\\\u2028',
      context: { '\udfff': '\0', 10: 'a', 9: ['b', Number.NaN] },
    };
    const circular: Record<string, never> = {};
    Object.assign(circular, { self: circular });
    const results = await Promise.allSettled([
      log.append(hostile),
      log.append({ ...retrieve, context: circular }),
      log.append(retrieve),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const rows = await storage.db
      .selectFrom('audit_2026_11' as 'audit_records')
      .select(['record', 'grant_id'])
      .execute();
    expect(rows).toHaveLength(2);
    expect(rows[0]?.grant_id).toBe('a\ufffdb\ufffd');
  });
});
