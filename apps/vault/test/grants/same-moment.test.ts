import { afterEach, describe, expect, it } from 'vitest';
import { finishRevocation } from '../../src/grants/upkeep/finish-revocation.js';
import { mintGrant } from '../../src/secrets/grants/mint-grant.js';
import type { Storage } from '../../src/storage/database/storage.js';
import { findGrantById } from '../../src/storage/live/grants/grants.js';
import { storeRevocation } from '../../src/storage/live/revocation/store-revocation.js';
import { databases, openRefreshWorld, type RefreshWorld } from '../refresh/refresh-world.js';
import { commitBehind } from './commit-behind.js';

let world: RefreshWorld;
afterEach(() => world.close());

/** One of two vaults on the same data; on SQLite there is but one. */
const process = (index: 0 | 1) => world.processes[index] ?? world.deps;

function revoke(storage: Storage, trx: Parameters<typeof storeRevocation>[1], grantId: string) {
  const { appId } = world.settings;
  const by = { userId: undefined, revokedBy: 'cli', nowMs: world.clock(), dueInMs: 60_000 };
  return storeRevocation(storage, trx, { appId, grantId, ...by });
}

const mint = (sourceId: string, label: string, deps = world.deps) =>
  mintGrant(deps, { appId: world.settings.appId, sourceId, request: { label }, record: {} });

describe.each(databases)('grants on one credential, changed at the same moment, %s', (kind) => {
  it('F7: both revoked at once: the second one ends the credential, and the provider is told', async () => {
    world = await openRefreshWorld(kind, { processes: 2 });
    const { grantId } = await world.connect();
    const { grant_id: siblingId } = await mint(grantId, 'sibling');
    const sibling = await commitBehind(
      process(0).storage,
      (trx) => revoke(process(0).storage, trx, grantId),
      () => process(1).storage.transaction((trx) => revoke(process(1).storage, trx, siblingId)),
    );
    expect(await world.readCredential(grantId)).toMatchObject({ status: 'revoked' });
    if (!sibling) throw new Error('not revoked');
    expect(await finishRevocation(process(1), sibling)).toBe('confirmed');
    expect((await world.readCredential(grantId)).sealed_tokens).toHaveLength(0);
  });

  it('F7: a sibling minted while its source is revoked: there is no live grant on an ended credential', async () => {
    world = await openRefreshWorld(kind, { processes: 2 });
    const { grantId } = await world.connect();
    const minted = commitBehind(
      process(0).storage,
      (trx) => revoke(process(0).storage, trx, grantId),
      () => mint(grantId, 'too-late', process(1)),
    );
    await expect(minted).rejects.toMatchObject({ code: 'grant_not_found' });
  });

  it('F7: a source that was revoked before the sibling is stored has none', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    const { deps } = world;
    const transaction: Storage['transaction'] = async (work) => {
      await deps.storage.transaction((trx) => revoke(deps.storage, trx, grantId));
      return deps.storage.transaction(work);
    };
    const late = { ...deps, storage: { ...deps.storage, transaction } };
    await expect(mint(grantId, 'too-late', late)).rejects.toMatchObject({ code: 'grant_not_found' });
    expect(await findGrantById(deps.storage, world.settings.appId, grantId)).toMatchObject({
      status: 'revoked',
    });
  });

  it('the credential stays with a sibling that was minted first', async () => {
    world = await openRefreshWorld(kind, { processes: 2 });
    const { grantId } = await world.connect();
    await mint(grantId, 'kept');
    await world.deps.storage.transaction((trx) => revoke(world.deps.storage, trx, grantId));
    expect(await world.readCredential(grantId)).toMatchObject({ status: 'active' });
  });
});
