import { generateRootKey, parseRootKey, readKeyId } from '@alter-ai/core-crypto';
import pino from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.js';
import type { VaultDeps } from '../../src/deps.js';
import { beginRootRotation } from '../../src/keys/rotation/begin-root-rotation.js';
import { driveRotations } from '../../src/keys/rotation/drive-rotations.js';
import { openVault } from '../../src/open-vault.js';
import { listAppKeys } from '../../src/storage/keys/app-keys.js';
import { readMeta } from '../../src/storage/keys/meta.js';
import { forEachDatabase, type TestDatabase } from '../databases.js';
import { applyConfig } from '../harness.js';
import { checkKeysOf } from './rotation-world.js';

const [first, second, third] = [generateRootKey(), generateRootKey(), generateRootKey()];
const idOf = (key: string) => parseRootKey(key).id;
const never = new AbortController().signal;
const apps = ['one', 'two', 'three'].map((slug) => ({ slug, name: slug, api_keys: [{ name: 'backend' }] }));
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0)) await cleanUp();
});

async function open(
  database: TestDatabase,
  current: string,
  previous: string[] = [],
): Promise<VaultDeps & { close(): Promise<void> }> {
  const { databaseUrl, dataDir, schema } = database.options;
  const config = loadConfig({
    ALTER_VAULT_ENV: 'development',
    ALTER_VAULT_DATA_DIR: dataDir,
    ALTER_VAULT_ROOT_KEY: current,
    ...(previous.length > 0 ? { ALTER_VAULT_ROOT_KEY_PREVIOUS: previous.join(',') } : {}),
    ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}),
  });
  const vault = await openVault(config, { log: pino({ level: 'silent' }), ...(schema ? { schema } : {}) });
  let isOpen = true;
  const close = async () => {
    if (isOpen) await vault.close();
    isOpen = false;
  };
  cleanups.push(close);
  return { ...vault.deps, close };
}

async function readWrappers(deps: VaultDeps): Promise<string[]> {
  const keys = (await listAppKeys(deps.storage)).map((app) => readKeyId(app.wrapped_key));
  return [...new Set([readKeyId((await readMeta(deps.storage, 'vault_key')) ?? Buffer.alloc(0)), ...keys])];
}

const drive = (deps: VaultDeps) => driveRotations(deps, { signal: never, isWaiting: true, settleMs: 50 });

forEachDatabase('rotation of the root key', (createDatabase) => {
  it('K3: wraps the key of each app and the vault key anew; derived keys and sealed values stay', async () => {
    const database = await createDatabase();
    const old = await open(database, first);
    const { appIds } = await applyConfig(old, { version: 1, apps });
    const place = { table: 'credentials', rowId: 'r', appId: appIds.one ?? '', field: 'tokens' };
    const sealed = await old.keyring.seal(place, 'secret');
    const derived = old.keyring.deriveKey('cookie').export().toString('hex');
    await old.close();

    const deps = await open(database, second, [first]);
    // Not moved yet: what is made now opens for processes that have only the old key.
    await applyConfig(deps, { version: 1, apps: [...apps, { slug: 'four', name: 'Four' }] });
    expect(await readWrappers(deps)).toEqual([idOf(first)]);
    expect((await checkKeysOf(deps)).find((check) => check.name === 'root key')).toMatchObject({
      status: 'warning',
      message: `1 vault key under ${idOf(first)}, 4 app keys under ${idOf(first)}; the current one is ${idOf(second)}; alter rotate-keys --root moves them`,
    });
    expect(await beginRootRotation(deps)).not.toBeNull();
    await drive(deps);
    expect(await readWrappers(deps)).toEqual([idOf(second)]);
    expect(await beginRootRotation(deps)).toBeNull();
    expect((await checkKeysOf(deps)).every((check) => check.status === 'ok')).toBe(true);
    await deps.close();

    const later = await open(database, second);
    expect(await later.keyring.open(place, sealed)).toBe('secret');
    expect(later.keyring.deriveKey('cookie').export().toString('hex')).toBe(derived);
    await later.close();
    await expect(open(database, first)).rejects.toThrow(
      `it was sealed with root key ${idOf(second)}, and the given one is ${idOf(first)}.`,
    );
    await expect(open(database, third, [first])).rejects.toThrow(
      `it was sealed with root key ${idOf(second)}, and the given ones are ${idOf(third)}, ${idOf(first)}.`,
    );
  });

  it('K3: ended in the middle it goes on; meanwhile some keys are under the one and some under the other, and all open', async () => {
    const database = await createDatabase();
    const old = await open(database, first);
    const { appIds } = await applyConfig(old, { version: 1, apps });
    await old.close();
    const deps = await open(database, second, [first]);
    const id = await beginRootRotation(deps);
    const ended = new AbortController();
    const driven = driveRotations(deps, { signal: ended.signal, isWaiting: true, settleMs: 50 });
    ended.abort();
    await driven;
    for (const appId of Object.values(appIds)) await deps.keyring.appKeys.load(appId);
    expect(await beginRootRotation(deps)).toBe(id);
    // Whoever has only the old key, or has them the wrong way round, may not start now, or not go on with it.
    await deps.close();
    await expect(open(database, first)).rejects.toMatchObject({ exitCode: 78 });
    const reversed = await open(database, first, [second]);
    await expect(beginRootRotation(reversed)).rejects.toThrow(
      `A rotation to root key ${idOf(second)} is under way`,
    );
    await reversed.close();
    const again = await open(database, second, [first]);
    await drive(again);
    expect(await readWrappers(again)).toEqual([idOf(second)]);
  });

  it('K3, K4: without the previous key nothing begins, and the message names it', async () => {
    const database = await createDatabase();
    const old = await open(database, first);
    await applyConfig(old, { version: 1, apps });
    // One app stayed behind in an earlier rotation, say.
    const deps = await open2(old, database);
    const [app] = await listAppKeys(deps.storage);
    const wrapped = await deps.keyring.rootKeys
      .find(idOf(third))
      ?.wrap(
        { table: 'app_keys', rowId: app?.id ?? '', appId: app?.id ?? '', field: 'wrapped_key' },
        Buffer.alloc(32, 1),
      );
    await deps.storage.db
      .updateTable('apps')
      .set({ wrapped_key: wrapped })
      .where('id', '=', app?.id ?? '')
      .execute();
    await deps.close();
    const next = await open(database, second, [first]);
    await expect(beginRootRotation(next)).rejects.toThrow(
      `Some keys are wrapped with root key ${idOf(third)}, which this process does not have.`,
    );
    expect(await readWrappers(next)).toContain(idOf(first));
  });
});

async function open2(old: { close(): Promise<void> }, database: TestDatabase) {
  await old.close();
  return open(database, first, [third]);
}

describe.skipIf(!process.env.DATABASE_URL)('rotation of the root key beside other processes', () => {
  forEachDatabase('processes', (createDatabase, kind) => {
    it.runIf(kind === 'postgres')(
      'K3: a process that runs without the new key holds the rotation up, and is named; nothing is changed',
      async () => {
        const database = await createDatabase();
        const old = await open(database, first);
        await applyConfig(old, { version: 1, apps });
        const deps = await open(database, second, [first]);
        await expect(beginRootRotation(deps)).rejects.toThrow(
          `1 running process does not have root key ${idOf(second)}`,
        );
        await expect(beginRootRotation(deps)).rejects.toThrow(`process ${old.processId}`);
        expect(await readWrappers(deps)).toEqual([idOf(first)]);
        // The rolling order: the other one is started anew with both keys, then the command is run again.
        await old.close();
        const rolled = await open(database, second, [first]);
        const slugs = Object.values((await applyConfig(rolled, { version: 1, apps })).appIds);
        expect(await beginRootRotation(deps)).not.toBeNull();
        await expect(open(database, first)).rejects.toThrow(/rotation to root key|does not belong/);
        await drive(deps);
        for (const appId of slugs) {
          rolled.keyring.forgetApp(appId);
          await rolled.keyring.appKeys.load(appId);
        }
        expect(await readWrappers(deps)).toEqual([idOf(second)]);
      },
    );
  });
});
