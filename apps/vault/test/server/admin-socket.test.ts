import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAdminClient } from '../../src/admin/admin-client.js';
import { type AdminSocket, startAdminSocket } from '../../src/admin/admin-socket.js';
import { findAdminSocketPath } from '../../src/admin/socket-path.js';
import { startTestVault, type TestVault } from '../harness.js';

describe('the admin socket', () => {
  let vault: TestVault;
  let root: string;
  let socket: AdminSocket;
  const withFolder = (dataDir: string) => ({ ...vault.deps.config, dataDir });
  const makeLongFolder = (name: string) => {
    const folder = join(root, name.padEnd(100, 'x'));
    mkdirSync(folder);
    return folder;
  };
  beforeAll(async () => {
    vault = await startTestVault({ kind: 'sqlite', config: { version: 1, apps: [] } });
    root = mkdtempSync(join(tmpdir(), 'alter-socket-'));
  });
  afterAll(async () => {
    await socket?.close();
    await vault?.close();
    rmSync(root, { recursive: true, force: true });
  });

  it('tells nothing to a folder below the temporary directory that is not the user’s own', async () => {
    const config = withFolder(makeLongFolder('taken'));
    const { folder } = findAdminSocketPath(config.dataDir);
    expect(folder.startsWith(tmpdir())).toBe(true);
    // As somebody else may do who knows the path: here by a link, which is as little the user's own folder.
    symlinkSync(root, folder);
    try {
      await expect(openAdminClient(config)).rejects.toMatchObject({ code: 'socket_not_own' });
    } finally {
      rmSync(folder);
    }
  });

  it('answers what is no operation, and goes on', async () => {
    const config = withFolder(makeLongFolder('own'));
    const { path, folder } = findAdminSocketPath(config.dataDir);
    socket = await startAdminSocket({ ...vault.deps, config });
    const send = (target: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        request({ socketPath: path, method: 'POST', path: target }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        })
          .once('error', reject)
          .end('{}');
      });
    expect(await send('/operations/%')).toBe(400);
    expect(await send('/operations/nothing')).toBe(400);
    const client = await openAdminClient(config);
    expect(client.isServerRunning).toBe(true);
    await client.close();
    rmSync(folder, { recursive: true });
  });
});
