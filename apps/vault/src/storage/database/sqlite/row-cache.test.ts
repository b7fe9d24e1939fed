import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from '../../migrations/migrate.js';
import type { NativeHandle } from '../native-handle.js';
import type { Storage } from '../storage.js';
import { openSqlite } from './open-sqlite.js';
import { prepareRead } from './prepared-read.js';
import { createRowCache } from './row-cache.js';

describe('rows kept while nothing changes', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'alter-rows-'));
  let storage: Storage;
  let native: NativeHandle & { kind: 'sqlite' };
  let reads = 0;
  let find: () => string | undefined;

  beforeEach(async () => {
    storage = openSqlite({ dataDir });
    await migrate(storage);
    if (storage.native.kind !== 'sqlite') throw new Error('not SQLite');
    native = storage.native;
    await storage.db.deleteFrom('meta').execute();
    await insert('a', 'first');
    const read = prepareRead<[string], { value: Buffer }>(native, 'select value from meta where key = ?');
    const cache = createRowCache<{ value: Buffer }>(native.changes, 2);
    reads = 0;
    find = () =>
      cache
        .find('a', () => {
          reads += 1;
          return read.get('a');
        })
        ?.value.toString();
    expect(find()).toBe('first');
  });
  afterEach(async () => {
    await storage.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const insert = (key: string, value: string) =>
    storage.db
      .insertInto('meta')
      .values({ key, value: Buffer.from(value) })
      .execute();
  const update = (db: Pick<Storage['db'], 'updateTable'>, value: string) =>
    db
      .updateTable('meta')
      .set({ value: Buffer.from(value) })
      .where('key', '=', 'a')
      .execute();

  it('F7: a row is read once, and again after a write', async () => {
    expect([find(), find(), reads]).toEqual(['first', 'first', 1]);
    await update(storage.db, 'second');
    expect([find(), find(), reads]).toEqual(['second', 'second', 2]);
  });

  it('F7: an open transaction is not seen, and what was read beside it is not kept over its commit', async () => {
    await storage.transaction(async (trx) => {
      await update(trx, 'second');
      expect(find()).toBe('first');
      await trx.selectFrom('meta').select('key').execute();
      expect(find()).toBe('first');
    });
    expect(find()).toBe('second');
  });

  it('F7: a transaction that is rolled back leaves the row as it was', async () => {
    await storage
      .transaction(async (trx) => {
        await update(trx, 'second');
        throw new Error('changed my mind');
      })
      .catch(() => {});
    expect(find()).toBe('first');
  });

  it('F7: work on the connection itself counts, unless it writes to the log only', async () => {
    await native.runExclusive(() => {}, 'unkept');
    expect([find(), reads]).toEqual(['first', 1]);
    await native.runExclusive((database) => {
      database.prepare('update meta set value = ?').run(Buffer.from('second'));
    });
    expect(find()).toBe('second');
  });

  it("F7: another connection's write is seen in the next turn of the event loop", async () => {
    const other = openSqlite({ dataDir });
    await update(other.db, 'second');
    await new Promise((resolve) => setImmediate(resolve));
    expect(find()).toBe('second');
    await other.close();
  });

  it('keeps no more rows than it may', async () => {
    const cache = createRowCache<{ value: string }>(native.changes, 2);
    let loads = 0;
    const ask = (key: string) =>
      cache.find(key, () => {
        loads += 1;
        return { value: key };
      });
    for (const key of ['a', 'b', 'c', 'b', 'c', 'a']) ask(key);
    expect(loads).toBe(4);
    expect(cache.find('z', () => undefined)).toBeUndefined();
  });
});
