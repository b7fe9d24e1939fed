import { fdatasync, fstatSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { createConnectionLock } from '../connection-lock.js';
import { createLogSync, type LogSync } from './log-sync.js';
import { createLoggedRun } from './logged-run.js';

function openDatabase() {
  const folder = mkdtempSync(join(tmpdir(), 'alter-log-'));
  const path = join(folder, 'vault.db');
  const database = new Sqlite(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec('create table rows (value text)');
  onTestFinished(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });
  const add = (value: string) => () => void database.prepare('insert into rows values (?)').run(value);
  const frames = () => (database.pragma('wal_checkpoint(PASSIVE)') as { log: number }[])[0]?.log;
  return { database, path, add, frames, lock: createConnectionLock() };
}

it('A1 A6: work is done only when its commit is on the disk; meanwhile the connection is free', async () => {
  const { database, add, lock } = openDatabase();
  const syncs: (() => void)[] = [];
  const log: LogSync = {
    sync: () => new Promise((resolve) => syncs.push(resolve)),
    close: () => {},
  };
  const run = createLoggedRun({ database, lock, log });
  const order: string[] = [];
  const first = run(add('a')).then(() => order.push('first'));
  const second = run(add('b')).then(() => order.push('second'));
  await new Promise((resolve) => setImmediate(resolve));
  expect([lock.isHeld(), syncs.length, order]).toEqual([false, 2, []]);
  expect(database.pragma('synchronous', { simple: true })).toBe(2);
  syncs[0]?.();
  await first;
  expect(order).toEqual(['first']);
  syncs[1]?.();
  await second;
});

it('work that fails leaves the connection free, and its commits synced by SQLite itself', async () => {
  const { database, lock } = openDatabase();
  const run = createLoggedRun({ database, lock, log: { sync: async () => {}, close: () => {} } });
  await expect(
    run(() => {
      throw new Error('changed my mind');
    }),
  ).rejects.toThrow('changed my mind');
  expect([lock.isHeld(), database.pragma('synchronous', { simple: true })]).toEqual([false, 2]);
});

it('F2: after a sync that failed, the log is moved to the database before anything is added to it', async () => {
  const { database, path, add, frames, lock } = openDatabase();
  const reports: (Error | null)[] = [null, new Error('EIO: i/o error, fdatasync'), null];
  const real = createLogSync(`${path}-wal`, ((descriptor: number, done: (error: Error | null) => void) =>
    fdatasync(descriptor, () => done(reports.shift() ?? null))) as typeof fdatasync);
  const run = createLoggedRun({ database, lock, log: real });
  await run(add('a'));
  await expect(run(add('b'))).rejects.toThrow('EIO');
  const before = Number(frames());
  await run(add('c'));
  expect(before).toBeGreaterThan(1);
  expect(frames()).toBe(1);
  expect(database.prepare('select value from rows').pluck().all()).toEqual(['a', 'b', 'c']);
  real.close();
});

it('F2: while the log cannot be moved, because it is read, nothing is added to it', async () => {
  const { database, path, add, lock } = openDatabase();
  const outcomes = [Promise.reject(new Error('EIO: i/o error, fdatasync')), Promise.resolve()];
  const run = createLoggedRun({
    database,
    lock,
    log: { sync: () => outcomes.shift() ?? Promise.resolve(), close: () => {} },
  });
  await expect(run(add('a'))).rejects.toThrow('EIO');
  database.pragma('busy_timeout = 1');
  const reader = new Sqlite(path);
  const reading = reader.prepare('select value from rows').iterate();
  reading.next();
  await expect(run(add('b'))).rejects.toThrow('while it is read');
  reading.return?.();
  reader.close();
  await run(add('c'));
  expect(database.prepare('select value from rows').pluck().all()).toEqual(['a', 'c']);
});

it('A1: threads that are busy with something else do not hold up a sync', async () => {
  const { path, add } = openDatabase();
  add('a')();
  const never = (() => {}) as unknown as typeof fdatasync;
  const log = createLogSync(`${path}-wal`, never);
  const startedAt = performance.now();
  await log.sync();
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  log.close();
});

it('A1: a log that was made anew is the one that is synced, and one that is gone is an error', async () => {
  const { path } = openDatabase();
  const file = `${path}-other`;
  const synced: number[] = [];
  const log = createLogSync(file, ((descriptor: number, done: () => void) => {
    synced.push(fstatSync(descriptor).ino);
    done();
  }) as unknown as typeof fdatasync);
  await expect(log.sync()).rejects.toThrow('ENOENT');
  writeFileSync(file, 'one');
  const inodes = [statSync(file).ino];
  await log.sync();
  rmSync(file);
  await expect(log.sync()).rejects.toThrow('ENOENT');
  writeFileSync(file, 'two');
  inodes.push(statSync(file).ino);
  await log.sync();
  expect([synced, new Set(synced).size]).toEqual([inodes, 2]);
  log.close();
});
