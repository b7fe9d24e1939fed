import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { forEachDatabase } from '../../../test/databases.js';
import { isStorageUnavailable, isUniqueViolation } from './database-error.js';
import { openStorage } from './open-storage.js';

forEachDatabase('storage', (createDatabase, kind) => {
  it('reads times as numbers and bytes as buffers', async () => {
    const storage = await (await createDatabase()).open();
    await storage.db
      .insertInto('meta')
      .values({ key: 'a', value: Buffer.from([0, 255]) })
      .execute();
    const at = 1_795_000_000_123;
    await storage.db
      .insertInto('job_leases')
      .values({ name: 'j', holder: null, deadline: null, next_run_at: at, last_run_at: null })
      .execute();
    expect((await storage.db.selectFrom('meta').selectAll().executeTakeFirstOrThrow()).value).toEqual(
      Buffer.from([0, 255]),
    );
    expect(
      (await storage.db.selectFrom('job_leases').selectAll().executeTakeFirstOrThrow()).next_run_at,
    ).toBe(at);
  });

  it('F1: a transaction that throws leaves nothing', async () => {
    const storage = await (await createDatabase()).open();
    await expect(
      storage.transaction(async (trx) => {
        await trx
          .insertInto('meta')
          .values({ key: 'a', value: Buffer.from('1') })
          .execute();
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    expect(await storage.db.selectFrom('meta').selectAll().execute()).toEqual([]);
  });

  it('runs a transaction again when the database refuses it for concurrency', async () => {
    const storage = await (await createDatabase()).open();
    let runs = 0;
    const answer = await storage.transaction(async () => {
      runs += 1;
      if (runs < 3) throw Object.assign(new Error('serialization failure'), { code: '40001' });
      return 'done';
    });
    expect([answer, runs]).toEqual(['done', 3]);
  });

  it('runs many transactions at once, each whole', async () => {
    const storage = await (await createDatabase()).open();
    await storage.db
      .insertInto('meta')
      .values({ key: 'n', value: Buffer.from('0') })
      .execute();
    const increment = () =>
      storage.transaction(async (trx) => {
        const lock = kind === 'postgres' ? sql`for update` : sql``;
        const { rows } = await sql<{ value: Buffer }>`select value from meta where key = 'n' ${lock}`.execute(
          trx,
        );
        const next = Number(rows[0]?.value.toString()) + 1;
        await trx
          .updateTable('meta')
          .set({ value: Buffer.from(String(next)) })
          .where('key', '=', 'n')
          .execute();
      });
    await Promise.all(Array.from({ length: 40 }, increment));
    const row = await storage.db.selectFrom('meta').selectAll().executeTakeFirstOrThrow();
    expect(row.value.toString()).toBe('40');
  });

  it('knows whether the caller is inside a transaction', async () => {
    const storage = await (await createDatabase()).open();
    expect(storage.isInTransaction()).toBe(false);
    expect(await storage.transaction(async () => storage.isInTransaction())).toBe(true);
    expect(storage.isInTransaction()).toBe(false);
  });

  it('tells a taken key and a closed database from defects', async () => {
    const storage = await (await createDatabase()).open();
    const insert = () =>
      storage.db
        .insertInto('meta')
        .values({ key: 'a', value: Buffer.from('1') })
        .execute();
    await insert();
    const error = await insert().catch((caught: unknown) => caught);
    expect([isUniqueViolation(error), isStorageUnavailable(error)]).toEqual([true, false]);
    expect(await storage.isUsable()).toBe(true);
    await storage.close();
    expect(await storage.isUsable()).toBe(false);
    expect(isStorageUnavailable(await insert().catch((caught: unknown) => caught))).toBe(true);
  });

  it('keeps rows whose owner is there', async () => {
    const storage = await (await createDatabase()).open();
    const orphan = {
      app_id: 'nobody',
      id: 'u',
      issuer: 'i',
      subject: 's',
      email: null,
      display_name: null,
      created_at: 1,
      last_seen_at: 1,
    };
    await expect(storage.db.insertInto('users').values(orphan).execute()).rejects.toThrow(/foreign key/i);
  });
});

forEachDatabase('storage with one connection', (createDatabase, kind) => {
  it('F2: a query that would wait for its own transaction, or for a pool that is used up, fails instead of hanging', async () => {
    const database = await createDatabase();
    await database.open();
    const storage = await openStorage({ ...database.options, connectionsMax: 1, timeoutMs: 300 });
    try {
      const stuck = storage.transaction(async () => storage.db.selectFrom('meta').selectAll().execute());
      const error = await stuck.catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(Error);
      if (kind === 'sqlite') expect(String(error)).toContain('must go through its trx');
      else expect(isStorageUnavailable(error)).toBe(true);
      expect(await storage.isUsable()).toBe(true);
    } finally {
      await storage.close();
    }
  });

  it.skipIf(kind === 'sqlite')(
    'F2: a statement that gets no answer in time fails, and its connection is not used again',
    async () => {
      const database = await createDatabase();
      const storage = await openStorage({ ...database.options, connectionsMax: 1, timeoutMs: 300 });
      try {
        const error = await sql`select pg_sleep(30)`.execute(storage.db).catch((caught: unknown) => caught);
        expect(error).toMatchObject({ code: 'statement_timeout' });
        expect(isStorageUnavailable(error)).toBe(true);
        const started = performance.now();
        expect(await storage.isUsable()).toBe(true);
        expect(performance.now() - started).toBeLessThan(250);
      } finally {
        await storage.close();
      }
    },
  );

  it.skipIf(kind === 'postgres')('a WAL database with full synchronization and foreign keys', async () => {
    const storage = await (await createDatabase()).open();
    if (storage.native.kind !== 'sqlite') throw new Error('not SQLite');
    const { database } = storage.native;
    expect(
      ['journal_mode', 'synchronous', 'foreign_keys'].map((name) => database.pragma(name, { simple: true })),
    ).toEqual(['wal', 2, 1]);
  });
});
