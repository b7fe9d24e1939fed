import { mkdtempSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateRootKey, parseRootKey, readKeyId } from '@alter-ai/core-crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { VaultDeps } from '../../src/deps.js';
import { checkKeys } from '../../src/keys/inspect/check-keys.js';
import { beginAppRotations } from '../../src/keys/rotation/begin-app-rotation.js';
import { beginRootRotation } from '../../src/keys/rotation/begin-root-rotation.js';
import { driveRotations } from '../../src/keys/rotation/drive-rotations.js';
import { followRotations, type RotationsProgress } from '../../src/keys/rotation/follow-rotations.js';
import { shredApp } from '../../src/keys/shred/shred-app.js';
import { listAppKeys } from '../../src/storage/keys/app-keys.js';
import { listRotations } from '../../src/storage/keys/rotations.js';
import { forEachDatabase } from '../databases.js';
import { applyConfig } from '../harness.js';
import { startTransitWorld, type TransitWorld } from './transit-world.js';

const never = new AbortController().signal;
const apps = ['one', 'two', 'three'].map((slug) => ({ slug, name: slug }));
const rootKeyOf = (key: string, more: Record<string, string> = {}) => ({
  ALTER_VAULT_KMS_URL: '',
  ALTER_VAULT_KMS_KEY: '',
  ALTER_VAULT_KMS_TOKEN_FILE: '',
  ALTER_VAULT_ROOT_KEY: key,
  ...more,
});
const wrappersOf = async (deps: VaultDeps) =>
  Object.fromEntries((await listAppKeys(deps.storage)).map((app) => [app.slug, readKeyId(app.wrapped_key)]));
const checkOf = async (deps: VaultDeps, slug: string) =>
  (await checkKeys(deps)).find((check) => check.name === `keys of ${slug}`);

async function follow(
  deps: VaultDeps,
  begun: { ids: string[]; leftOut?: string[] },
): Promise<RotationsProgress> {
  // A server’s job does the work; the command watches.
  await driveRotations(deps, { signal: never, isWaiting: true, settleMs: 50 });
  for await (const progress of followRotations(deps, begun, never)) if (progress.is_finished) return progress;
  throw new Error('the rotation did not end');
}

let world: TransitWorld;
let folder: string;
beforeEach(async () => {
  world = await startTransitWorld();
  folder = mkdtempSync(join(tmpdir(), 'alter-app-keys-'));
});
afterEach(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

forEachDatabase('an app whose key does not open', (createDatabase) => {
  it('K3: its key file lost, it holds up neither the root key nor the keys of other apps, and is named', async () => {
    const database = await createDatabase();
    const [first, second] = [generateRootKey(), generateRootKey()];
    const dir = { ALTER_VAULT_APP_KEY_DIR: folder };
    const old = await world.open(database, rootKeyOf(first, dir));
    // The first of them by its id: all others come after it.
    const { appIds } = await applyConfig(old, { version: 1, apps });
    await old.close();
    const [lost = ''] =
      Object.entries(appIds).sort(([, left], [, right]) => (left < right ? -1 : 1))[0] ?? [];
    unlinkSync(join(folder, `${appIds[lost]}.key`));

    const deps = await world.open(
      database,
      rootKeyOf(second, { ...dir, ALTER_VAULT_ROOT_KEY_PREVIOUS: first }),
    );
    const id = (await beginRootRotation(deps)) ?? '';
    const progress = await follow(deps, { ids: [id] });
    expect(progress.unreadable_apps).toEqual([lost]);
    expect(progress.rotations).toMatchObject([{ phase: 'done', unreadable: 1 }]);
    const [under, before] = [second, first].map((key) => `${parseRootKey(key).id}+folder`);
    expect(await wrappersOf(deps)).toEqual({ one: under, two: under, three: under, [lost]: before });
    expect(await checkOf(deps, lost)).toEqual({
      name: `keys of ${lost}`,
      status: 'failed',
      message: `the key of the app does not open; it stays under ${before}, and rotations leave it out. Put back what unwraps it, or end with alter apps shred ${lost}`,
    });

    const leftOut: string[] = [];
    const ids = await beginAppRotations(deps, 'all', (slug) => leftOut.push(slug));
    expect(await follow(deps, { ids, leftOut })).toMatchObject({
      rotations: [{ phase: 'done' }, { phase: 'done' }],
      unreadable_apps: [lost],
    });
    await expect(beginAppRotations(deps, { slug: lost })).rejects.toThrow(
      `The key of the app ${lost} does not open, so it cannot be rotated.`,
    );
  }, 30_000);

  it('K2, K3: a shredding that was killed after its key in the service was gone is left out, and can be ended', async () => {
    const database = await createDatabase();
    const each = { ALTER_VAULT_KMS_APP_KEYS: 'each' };
    const old = await world.open(database, each);
    const { appIds } = await applyConfig(old, { version: 1, apps });
    await old.keyring.rootKeys.forApps.destroyAppKey?.(appIds.one ?? '');
    await old.close();
    const deps = await world.open(database, {
      ...each,
      ALTER_VAULT_KMS_KEY: 'second',
      ALTER_VAULT_KMS_KEY_PREVIOUS: 'alter',
    });
    const id = (await beginRootRotation(deps)) ?? '';
    expect((await follow(deps, { ids: [id] })).unreadable_apps).toEqual(['one']);
    expect(await wrappersOf(deps)).toEqual({
      one: 'transit:transit/alter-app-*',
      two: 'transit:transit/second-app-*',
      three: 'transit:transit/second-app-*',
    });
    expect((await checkOf(deps, 'one'))?.status).toBe('failed');
    expect(await shredApp(deps, { slug: 'one', isDryRun: false })).toMatchObject({ isDone: true });
    expect((await checkOf(deps, 'one'))?.message).toBe('shredded; nothing sealed is left');
  }, 30_000);

  it('K3: a rotation that fails holds up no other one, and its error is thrown at the end', async () => {
    const database = await createDatabase();
    const deps = await world.open(database);
    await applyConfig(deps, { version: 1, apps });
    world.server.rotateKey('alter');
    const root = (await beginRootRotation(deps)) ?? '';
    const [app = ''] = await beginAppRotations(deps, { slug: 'two' });
    world.server.setSealed(true);
    const driven = driveRotations(deps, { signal: never, isWaiting: true, settleMs: 50 });
    await expect(driven).rejects.toThrow('is sealed (503)');
    const states = async () =>
      Object.fromEntries((await listRotations(deps.storage, [root, app])).map((row) => [row.id, row.phase]));
    expect(await states()).toEqual({ [root]: 'rewriting', [app]: 'done' });
    // Whoever watches the one that fails hears of it; it goes on once the service is back.
    const watched = async () => {
      for await (const _ of followRotations(deps, { ids: [root] }, never));
    };
    await expect(watched()).rejects.toThrow('is sealed (503)');
    world.server.setSealed(false);
    await driveRotations(deps, { signal: never, isWaiting: true, settleMs: 50 });
    expect(await states()).toEqual({ [root]: 'done', [app]: 'done' });
  }, 60_000);
});
