import { expect, it } from 'vitest';
import { forEachDatabase } from '../../../test/databases.js';
import { prepareQuery } from './prepared-query.js';

forEachDatabase('prepared query', (createDatabase) => {
  it('runs with other values each time, and reads what is committed', async () => {
    const storage = await (await createDatabase()).open();
    const find = prepareQuery<[key: string], { key: string; value: Buffer }>(storage, (db, parameter) =>
      db
        .selectFrom('meta')
        .selectAll()
        .where('key', '=', parameter<string>(0))
        .where('key', '<>', 'never')
        .limit(1),
    );
    expect(await find('a')).toEqual([]);
    for (const key of ['a', 'b'])
      await storage.db
        .insertInto('meta')
        .values({ key, value: Buffer.from(key) })
        .execute();
    expect(await Promise.all(['a', 'b', 'c'].map((key) => find(key)))).toEqual([
      [{ key: 'a', value: Buffer.from('a') }],
      [{ key: 'b', value: Buffer.from('b') }],
      [],
    ]);
    await storage.transaction(async (trx) => {
      await trx.deleteFrom('meta').execute();
      expect(await find('a')).toHaveLength(1);
    });
    expect(await find('a')).toEqual([]);
  });
});
