import { describe, expect, it } from 'vitest';
import { judgeDurability, judgePooler } from '../../src/admin/doctor/check-database.js';
import { judgeDisk, judgeProxies, judgePublicUrl } from '../../src/admin/doctor/check-server.js';
import { openStorage } from '../../src/storage/database/open-storage.js';
import { readDurability } from '../../src/storage/settings/durability.js';
import { forEachDatabase } from '../databases.js';

const gibibyte = 1024 ** 3;

describe('alter doctor, what it judges', () => {
  it.each([
    [{ freeBytes: 50 * gibibyte, totalBytes: 100 * gibibyte }, 'ok'],
    [{ freeBytes: 0.5 * gibibyte, totalBytes: 4 * gibibyte }, 'warning'],
    [{ freeBytes: 20 * gibibyte, totalBytes: 1000 * gibibyte }, 'warning'],
    [{ freeBytes: 1024, totalBytes: 100 * gibibyte }, 'failed'],
  ])('disk: %j is %s', (disk, status) => {
    expect(judgeDisk(disk)).toMatchObject({ name: 'disk', status });
  });

  const production = { host: '127.0.0.1', publicUrl: 'https://vault.example.com', isDevelopment: false };
  it.each([
    [['10.0.0.5', '10.1.0.0/16'], {}, 'ok'],
    [['0.0.0.0/0'], {}, 'failed'],
    [['::/0', '10.0.0.5'], {}, 'failed'],
    [['10.0.0.0/7'], {}, 'warning'],
    [[], {}, 'warning'],
    [[], { host: '0.0.0.0' }, 'ok'],
    [[], { publicUrl: 'http://localhost:4000' }, 'ok'],
    [[], { isDevelopment: true }, 'ok'],
  ])('trusted proxies: %j with %j is %s', (trustedProxies, change, status) => {
    expect(judgeProxies({ ...production, ...change, trustedProxies }).status).toBe(status);
  });

  it('public url: warns when it is not https in production', () => {
    const judge = (publicUrl: string, isDevelopment = false) =>
      judgePublicUrl({ publicUrl, isDevelopment }).status;
    expect(judge('https://vault.example.com')).toBe('ok');
    expect(judge('http://127.0.0.1:4000')).toBe('warning');
    expect(judge('http://127.0.0.1:4000', true)).toBe('info');
  });

  it('pooler: transaction mode is fine, statement mode is not', () => {
    expect(judgePooler('none').status).toBe('ok');
    expect(judgePooler('transaction')).toMatchObject({
      status: 'ok',
      message: expect.stringContaining('fine'),
    });
    expect(judgePooler('other').status).toBe('ok');
    expect(judgePooler('statement').status).toBe('failed');
  });

  it('durability: a database without fsync fails', () => {
    const settings = [
      { name: 'fsync', value: 'off', isSafe: false },
      { name: 'synchronous_commit', value: 'on', isSafe: true },
    ];
    expect(judgeDurability(settings, { isDevelopment: true }).status).toBe('warning');
    expect(judgeDurability(settings, { isDevelopment: false })).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('fsync=off: a crash may lose'),
    });
  });
});

forEachDatabase('durability', (createDatabase, kind) => {
  it('is read from the connections that the server uses', async () => {
    const database = await createDatabase();
    const storage = await database.open();
    const names = (await readDurability(storage)).map((setting) => setting.name);
    expect(names).toEqual(
      kind === 'sqlite'
        ? ['synchronous', 'journal_mode']
        : ['fsync', 'full_page_writes', 'synchronous_commit'],
    );
    if (storage.native.kind === 'sqlite') {
      expect((await readDurability(storage)).every((setting) => setting.isSafe)).toBe(true);
      storage.native.database.pragma('synchronous = normal');
      expect(judgeDurability(await readDurability(storage), { isDevelopment: false })).toMatchObject({
        status: 'failed',
        message: expect.stringContaining('synchronous=normal'),
      });
      return;
    }
    const url = new URL(database.options.databaseUrl ?? '');
    url.searchParams.set('options', '-c synchronous_commit=off');
    const careless = await openStorage({ dataDir: database.options.dataDir, databaseUrl: url.href });
    expect((await readDurability(careless)).at(-1)).toEqual({
      name: 'synchronous_commit',
      value: 'off',
      isSafe: false,
    });
    await careless.close();
  });
});
