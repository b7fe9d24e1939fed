import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStorage } from '../../src/storage/database/open-storage.js';
import type { Storage } from '../../src/storage/database/storage.js';
import { forEachDatabase } from '../databases.js';

/** What the database refuses for concurrency alone is done again; nobody sees it. */
forEachDatabase('retries', (createDatabase, kind) => {
  if (kind === 'sqlite') {
    it('SQLite has one writer at a time, so that nothing has to be serialized', async () => {
      const storage = await (await createDatabase()).open();
      await countTogether(storage, 20);
      expect(await readCount(storage)).toBe(20);
    });
    return;
  }

  describe('PostgreSQL', () => {
    let storage: Storage;
    beforeAll(async () => {
      const database = await createDatabase();
      await (await database.open()).close();
      const { schema } = database.options;
      const url = new URL(database.options.databaseUrl ?? '');
      // The strictest isolation: each pair of transactions that overlap here is a serialization failure for one of them.
      url.searchParams.set(
        'options',
        `-c search_path=${schema} -c default_transaction_isolation=serializable`,
      );
      storage = await openStorage({ dataDir: database.options.dataDir, databaseUrl: url.href });
    });
    afterAll(() => storage?.close());

    it('F2: serialization failures are retried until every transaction has its turn', async () => {
      const attempts = await countTogether(storage, 20);
      expect(await readCount(storage)).toBe(20);
      expect(attempts).toBeGreaterThan(20);
    });

    it('F2: of two transactions in a deadlock one is done again, and both are done', async () => {
      for (const key of ['a', 'b']) await store(storage, key, 0);
      let met = 0;
      let release = () => {};
      const bothHoldOne = new Promise<void>((resolve) => {
        release = resolve;
      });
      const lockBoth = (first: string, second: string) => {
        let attempt = 0;
        return storage
          .transaction(async (trx) => {
            attempt += 1;
            await trx
              .updateTable('meta')
              .set({ value: write(1) })
              .where('key', '=', first)
              .execute();
            met += 1;
            if (met === 2) release();
            await bothHoldOne;
            await trx
              .updateTable('meta')
              .set({ value: write(1) })
              .where('key', '=', second)
              .execute();
          })
          .then(() => attempt);
      };
      const attempts = await Promise.all([lockBoth('a', 'b'), lockBoth('b', 'a')]);
      expect(attempts.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(2);
    });

    it('what is refused for another reason is refused at once', async () => {
      let attempts = 0;
      const work = storage.transaction(async (trx) => {
        attempts += 1;
        await trx
          .insertInto('meta')
          .values({ key: 'twice', value: write(1) })
          .execute();
        await trx
          .insertInto('meta')
          .values({ key: 'twice', value: write(1) })
          .execute();
      });
      await expect(work).rejects.toMatchObject({ code: '23505' });
      expect(attempts).toBe(1);
    });
  });
});

/** Adds 1 by reading and writing, `times` at once; how often it was begun. */
async function countTogether(storage: Storage, times: number): Promise<number> {
  await store(storage, 'count', 0);
  let attempts = 0;
  const add = () =>
    storage.transaction(async (trx) => {
      attempts += 1;
      const row = await trx
        .selectFrom('meta')
        .select('value')
        .where('key', '=', 'count')
        .executeTakeFirstOrThrow();
      await trx
        .updateTable('meta')
        .set({ value: write(Number(row.value.toString()) + 1) })
        .where('key', '=', 'count')
        .execute();
    });
  await Promise.all(Array.from({ length: times }, add));
  return attempts;
}

const write = (value: number) => Buffer.from(String(value));

async function store(storage: Storage, key: string, value: number): Promise<void> {
  await storage.db
    .insertInto('meta')
    .values({ key, value: write(value) })
    .execute();
}

async function readCount(storage: Storage): Promise<number> {
  const row = await storage.db
    .selectFrom('meta')
    .select('value')
    .where('key', '=', 'count')
    .executeTakeFirst();
  return Number(row?.value.toString());
}
