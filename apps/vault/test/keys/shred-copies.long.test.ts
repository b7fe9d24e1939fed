import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateRootKey } from '@alter-ai/core-crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { VaultDeps } from '../../src/deps.js';
import { beginRootRotation } from '../../src/keys/rotation/begin-root-rotation.js';
import { driveRotations } from '../../src/keys/rotation/drive-rotations.js';
import { shredApp } from '../../src/keys/shred/shred-app.js';
import { listFormerWrappers } from '../../src/storage/keys/app-key-wrappers.js';
import { migrate, migrations } from '../../src/storage/migrations/migrate.js';
import { forEachDatabase } from '../databases.js';
import { applyConfig } from '../harness.js';
import { startTransitWorld, type TransitWorld } from './transit-world.js';

const apps = ['gone', 'kept'].map((slug) => ({ slug, name: slug }));
const each = { ALTER_VAULT_KMS_APP_KEYS: 'each' };
const second = { ...each, ALTER_VAULT_KMS_KEY: 'second' };
const noService = { ALTER_VAULT_KMS_URL: '', ALTER_VAULT_KMS_KEY: '', ALTER_VAULT_KMS_TOKEN_FILE: '' };

let world: TransitWorld;
beforeEach(async () => {
  world = await startTransitWorld();
});
afterEach(() => world.close());

async function rotateRoot(deps: VaultDeps): Promise<void> {
  expect(await beginRootRotation(deps)).not.toBeNull();
  const signal = new AbortController().signal;
  await driveRotations(deps, { signal, isWaiting: true, settleMs: 50 });
}

forEachDatabase('shredding of an app that had other keys before', (createDatabase) => {
  /** Two apps whose keys were moved from one environment to another. */
  async function move(from: Record<string, string>, to: Record<string, string>) {
    const database = await createDatabase();
    const old = await world.open(database, from);
    const { appIds } = await applyConfig(old, { version: 1, apps });
    await old.close();
    const deps = await world.open(database, to);
    const beganMs = deps.clock();
    await rotateRoot(deps);
    return { database, deps, gone: appIds.gone ?? '', kept: appIds.kept ?? '', beganMs };
  }

  it('K2: its keys go wherever it had one in the service, so that no copy opens', async () => {
    const { deps, kept } = await move(each, { ...second, ALTER_VAULT_KMS_KEY_PREVIOUS: 'alter' });
    const { copies } = await shredApp(deps, { slug: 'gone', isDryRun: false });
    expect(copies).toEqual({ isGone: true, goneSinceMs: null, openWith: [] });
    const names = ['alter', 'second', `alter-app-${kept}`, `second-app-${kept}`];
    expect(world.server.keyNames().sort()).toEqual(names.sort());
    // The same is said when the command is run again.
    expect((await shredApp(deps, { slug: 'gone', isDryRun: false })).copies).toEqual(copies);
  }, 30_000);

  it('K2: where a key from before is out of reach, it says since when copies do not open, and with what the others do', async () => {
    const { database, deps, gone, beganMs } = await move(each, {
      ...second,
      ALTER_VAULT_KMS_KEY_PREVIOUS: 'alter',
    });
    await deps.close();
    const later = await world.open(database, second);
    const fate = {
      isGone: false,
      goneSinceMs: expect.any(Number),
      openWith: ['transit:transit/alter-app-*'],
    };
    const plan = await shredApp(later, { slug: 'gone', isDryRun: true });
    expect(plan.copies).toEqual(fate);
    expect(plan.copies.goneSinceMs).toBeGreaterThanOrEqual(beganMs);
    expect((await shredApp(later, { slug: 'gone', isDryRun: false })).copies).toEqual(plan.copies);
    expect(world.server.keyNames()).toContain(`alter-app-${gone}`);
    expect(world.server.keyNames()).not.toContain(`second-app-${gone}`);
  }, 30_000);

  it('K2: copies from before each app had a key of its own open with the key of all', async () => {
    const { deps } = await move({}, each);
    expect((await shredApp(deps, { slug: 'gone', isDryRun: false })).copies).toEqual({
      isGone: false,
      goneSinceMs: expect.any(Number),
      openWith: ['transit:transit/alter'],
    });
  }, 30_000);

  it('K2: a key file stands for the app under every root key, also one that is not at hand any more', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'alter-app-keys-'));
    try {
      const [first, next] = [generateRootKey(), generateRootKey()];
      const base = { ...noService, ALTER_VAULT_APP_KEY_DIR: folder };
      const { database, deps } = await move(
        { ...base, ALTER_VAULT_ROOT_KEY: first },
        { ...base, ALTER_VAULT_ROOT_KEY: next, ALTER_VAULT_ROOT_KEY_PREVIOUS: first },
      );
      await deps.close();
      const later = await world.open(database, { ...base, ALTER_VAULT_ROOT_KEY: next });
      expect((await shredApp(later, { slug: 'gone', isDryRun: false })).copies.isGone).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 30_000);

  it('K2, F4: of an app that was there in a rotation before this was noted, nobody claims that every copy is gone', async () => {
    const database = await createDatabase();
    const storage = await database.openEmpty();
    await migrate(storage, { migrations: migrations.filter(({ name }) => name < '010') });
    const row = { settings_json: '{}', version: 1, wrapped_key: Buffer.alloc(1), updated_at: 0 };
    for (const [id, createdAt] of [
      ['before', 100],
      ['after', 300],
    ] as const) {
      await storage.db
        .insertInto('apps')
        .values({ ...row, id, slug: id, name: id, created_at: createdAt })
        .execute();
    }
    const rotation = { from_key: 'a', to_key: 'b', phase: 'done' as const, position_json: null, changed: 1 };
    const times = { settled_at: null, holder: null, deadline: null, started_at: 150, updated_at: 200 };
    await storage.db
      .insertInto('key_rotations')
      .values({
        ...rotation,
        ...times,
        id: 'r',
        kind: 'root',
        app_id: null,
        total: 1,
        unreadable: 0,
        finished_at: 200,
      })
      .execute();
    await migrate(storage);
    expect(await listFormerWrappers(storage, 'before')).toEqual([{ keyId: '', leftAtMs: 200 }]);
    expect(await listFormerWrappers(storage, 'after')).toEqual([]);
  });
});
