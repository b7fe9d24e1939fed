import { sql } from 'kysely';
import { afterEach, describe, expect, it } from 'vitest';
import { finishRevocation } from '../../src/grants/upkeep/finish-revocation.js';
import { mintGrant } from '../../src/secrets/grants/mint-grant.js';
import type { Executor, Storage } from '../../src/storage/database/storage.js';
import { findGrantById } from '../../src/storage/live/grants.js';
import { storeRevocation } from '../../src/storage/live/revocation/store-revocation.js';
import { databases, openRefreshWorld, type RefreshWorld } from '../refresh/refresh-world.js';

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

/** Does `work` and commits it once `other`, begun after it, is done or waits for it. */
async function commitBehind<T>(
  storage: Storage,
  work: (trx: Parameters<typeof storeRevocation>[1]) => Promise<unknown>,
  other: () => Promise<T>,
): Promise<T> {
  const { promise: begun, resolve: begin } = Promise.withResolvers<number>();
  const { promise: go, resolve: letGo } = Promise.withResolvers<void>();
  const whole = storage.transaction(async (trx) => {
    await work(trx);
    begin(storage.kind === 'postgres' ? await readBackend(trx) : 0);
    await go;
  });
  const backend = await begun;
  const outcome = other();
  let isDone = storage.kind === 'sqlite';
  const end = () => {
    isDone = true;
  };
  const done = outcome.then(end, end);
  while (!isDone && !(await isSomebodyBehind(storage, backend)));
  letGo();
  await Promise.all([whole, done]);
  return outcome;
}

async function readBackend(trx: Executor): Promise<number> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx);
  return rows[0]?.pid ?? 0;
}

async function isSomebodyBehind(storage: Storage, backend: number): Promise<boolean> {
  const { rows } = await sql`
    select 1 from pg_stat_activity where ${backend} = any (pg_blocking_pids(pid))`.execute(storage.db);
  return rows.length > 0;
}

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
