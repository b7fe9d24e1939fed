import { afterEach, beforeEach, expect, it } from 'vitest';
import type { VaultDeps } from '../../src/deps.js';
import { beginRootRotation } from '../../src/keys/rotation/begin-root-rotation.js';
import { driveRotations } from '../../src/keys/rotation/drive-rotations.js';
import { listRootKeysInUse } from '../../src/keys/rotation/root-target.js';
import { listRotations } from '../../src/storage/keys/rotations.js';
import { forEachDatabase } from '../databases.js';
import { applyConfig } from '../harness.js';
import { startTransitWorld, type TransitWorld } from './transit-world.js';

const never = new AbortController().signal;
const apps = ['one', 'two', 'three'].map((slug) => ({ slug, name: slug }));
const drive = (deps: VaultDeps, signal = never) =>
  driveRotations(deps, { signal, isWaiting: true, settleMs: 50 });
const readNames = async (deps: VaultDeps) => [
  ...new Set((await listRootKeysInUse(deps)).map(({ name }) => name)),
];
let world: TransitWorld;
beforeEach(async () => {
  world = await startTransitWorld();
});
afterEach(() => world.close());

forEachDatabase('rotation of a root key in a key service', (createDatabase) => {
  it('K3: a key that gets another version while a rotation is under way takes that rotation with it', async () => {
    const database = await createDatabase();
    const deps = await world.open(database);
    await applyConfig(deps, { version: 1, apps });
    world.server.rotateKey('alter');
    const id = (await beginRootRotation(deps)) ?? '';
    // Ended after its first batch, so that it has something under version 2.
    const ended = new AbortController();
    const driven = drive(deps, ended.signal);
    await expect.poll(async () => (await listRotations(deps.storage, [id]))[0]?.changed).toBeGreaterThan(0);
    ended.abort();
    await driven;
    expect((await listRotations(deps.storage, [id]))[0]).toMatchObject({
      to_key: 'transit:transit/alter v2',
      finished_at: null,
    });

    world.server.rotateKey('alter');
    expect(await beginRootRotation(deps)).toBe(id);
    await drive(deps);
    expect(await readNames(deps)).toEqual(['transit:transit/alter v3']);
    expect((await listRotations(deps.storage, [id]))[0]).toMatchObject({
      to_key: 'transit:transit/alter v3',
      phase: 'done',
    });
    expect(await beginRootRotation(deps)).toBeNull();
  }, 30_000);

  it('K3: a rotation to another key of the service is somebody else’s to finish', async () => {
    const database = await createDatabase();
    const old = await world.open(database);
    await applyConfig(old, { version: 1, apps });
    await old.close();
    const previous = { ALTER_VAULT_KMS_KEY: 'second', ALTER_VAULT_KMS_KEY_PREVIOUS: 'alter' };
    const moving = await world.open(database, previous);
    expect(await beginRootRotation(moving)).not.toBeNull();
    await moving.close();
    const reversed = await world.open(database, { ALTER_VAULT_KMS_KEY_PREVIOUS: 'second' });
    await expect(beginRootRotation(reversed)).rejects.toThrow(
      'A rotation to root key transit:transit/second v1 is under way',
    );
    await driveRotations(reversed, { signal: never, isWaiting: false, settleMs: 50 });
    expect(await readNames(reversed)).toEqual(['transit:transit/alter v1']);
    await reversed.close();
    const again = await world.open(database, previous);
    await drive(again);
    expect(await readNames(again)).toEqual(['transit:transit/second v1']);
  }, 30_000);
});
