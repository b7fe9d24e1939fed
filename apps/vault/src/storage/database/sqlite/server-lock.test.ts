import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startChild } from '../../../../test/children/run-child.js';
import { migrate } from '../../migrations/migrate.js';
import { openStorage } from '../open-storage.js';
import { acquireServerLock } from './server-lock.js';

describe('server lock', () => {
  let dataDir = '';
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'alter-lock-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it('F6: a second server on one data directory is refused, and says whose it is', async () => {
    const child = startChild('lock-child', { dataDir });
    await child.waitForLine('locked');
    expect(() => acquireServerLock(dataDir)).toThrow(
      `Another server (process ${child.process.pid}) already runs on the data directory ${dataDir}.`,
    );
    child.process.kill('SIGKILL');
    await child.waitForEnd();
  });

  it('F6: the lock ends with its process, however that ends', async () => {
    const child = startChild('lock-child', { dataDir });
    await child.waitForLine('locked');
    child.process.kill('SIGKILL');
    await child.waitForEnd();
    const lock = acquireServerLock(dataDir);
    expect(() => acquireServerLock(dataDir)).toThrow(`(process ${process.pid})`);
    lock.release();
    acquireServerLock(dataDir).release();
  });

  it('F6: the database itself stays open to others', async () => {
    const lock = acquireServerLock(dataDir);
    const storage = await openStorage({ dataDir });
    await migrate(storage);
    expect(await storage.isUsable()).toBe(true);
    await storage.close();
    lock.release();
  });
});
