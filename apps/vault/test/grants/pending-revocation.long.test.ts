import { sql } from 'kysely';
import { afterEach, describe, expect, it } from 'vitest';
import { revokeGrant } from '../../src/grants/revoke-grant.js';
import { listRefreshJobs } from '../../src/jobs/refresh-jobs.js';
import { storeRevocation } from '../../src/storage/live/revocation/store-revocation.js';
import { startChild } from '../children/run-child.js';
import { databases, openRefreshWorld, type RefreshWorld } from '../refresh/refresh-world.js';

let world: RefreshWorld;
afterEach(() => world.close());

async function runJob() {
  const job = listRefreshJobs(world.deps).find(({ name }) => name === 'grants.finish_revocations');
  if (!job) throw new Error('no job');
  await job.run(new AbortController().signal);
}

async function readGrant(grantId: string) {
  const { db } = world.deps.storage;
  return db.selectFrom('grants').selectAll().where('id', '=', grantId).executeTakeFirstOrThrow();
}

const revoke = (grantId: string) =>
  revokeGrant(world.deps, { appId: world.settings.appId, grantId, revokedBy: 'cli' });
const listEnded = () => world.emulator.log().filter((event) => event.event === 'revoked');
const countRecords = async () =>
  (await world.listEvents()).filter((event) => event.kind === 'grant.revoked').length;

describe.each(databases)('revocations that were not finished, %s', (kind) => {
  it('F1: killed between its own commit and the provider: the job tells the provider, and puts it on record once', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    const { deps, settings } = world;
    // What such a process leaves behind.
    await deps.storage.transaction((trx) =>
      storeRevocation(deps.storage, trx, {
        appId: settings.appId,
        grantId,
        userId: undefined,
        revokedBy: 'cli',
        nowMs: world.clock(),
        dueInMs: 60_000,
      }),
    );
    await runJob();
    expect(listEnded()).toEqual([]);
    world.advance(61_000);
    await runJob();
    await runJob();
    expect(listEnded()).toHaveLength(1);
    expect(await readGrant(grantId)).toMatchObject({
      status: 'revoked',
      revocation_result: 'confirmed',
      revocation_due_at: null,
    });
    expect((await world.readCredential(grantId)).sealed_tokens).toHaveLength(0);
    expect(await countRecords()).toBe(1);
  });

  it('a provider that fails is asked again; the tokens go when it has answered', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.emulator.misbehave({ kind: 'server_error', endpoint: 'revocation', times: 2 });
    expect(await revoke(grantId)).toMatchObject({ providerRevocation: 'failed' });
    expect((await world.readCredential(grantId)).sealed_tokens).not.toHaveLength(0);
    await runJob();
    expect(listEnded()).toEqual([]);
    world.advance(61_000);
    await runJob();
    world.advance(301_000);
    await runJob();
    expect(listEnded()).toHaveLength(1);
    expect(await readGrant(grantId)).toMatchObject({
      revocation_result: 'confirmed',
      revocation_attempts: 3,
    });
    expect((await world.readCredential(grantId)).sealed_tokens).toHaveLength(0);
    expect(await countRecords()).toBe(1);
  });

  it('F1: killed once the provider has answered: what it said is on record with the wiped tokens, or neither is', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    const { db } = world.deps.storage;
    const fail =
      kind === 'sqlite'
        ? `create trigger no_result before update of revocation_result on grants begin select raise(abort, 'gone'); end`
        : `create function refuse_result() returns trigger language plpgsql as $$ begin raise exception 'gone'; end $$;
           create trigger no_result before update of revocation_result on grants
             for each row execute function refuse_result()`;
    for (const statement of fail.split(/;\s+(?=create trigger)/)) await sql.raw(statement).execute(db);
    await expect(revoke(grantId)).rejects.toThrow('gone');
    await sql.raw(`drop trigger no_result${kind === 'sqlite' ? '' : ' on grants'}`).execute(db);
    world.advance(61_000);
    await runJob();
    expect(await readGrant(grantId)).toMatchObject({ revocation_result: 'confirmed' });
    expect((await world.readCredential(grantId)).sealed_tokens).toHaveLength(0);
  });

  it('a provider that never answers is given up after six attempts, and the tokens are wiped all the same', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.emulator.misbehave({ kind: 'server_error', endpoint: 'revocation' });
    await revoke(grantId);
    for (let attempt = 0; attempt < 7; attempt += 1) {
      world.advance(43_300_000);
      await runJob();
    }
    expect(await readGrant(grantId)).toMatchObject({
      revocation_result: 'failed',
      revocation_attempts: 6,
      revocation_due_at: null,
    });
    expect((await world.readCredential(grantId)).sealed_tokens).toHaveLength(0);
  });

  it('kept_for_other_grants: a revocation that would end another grant of the same account is not sent', async () => {
    world = await openRefreshWorld(kind, { overrides: { revoke_scope: 'all' } });
    const own = await world.connect();
    const ofUser = await world.connect('alice', 'user-1');
    expect(ofUser.grantId).not.toBe(own.grantId);
    expect(await revoke(own.grantId)).toMatchObject({ providerRevocation: 'kept_for_other_grants' });
    expect(listEnded()).toEqual([]);
    expect((await world.readCredential(own.grantId)).sealed_tokens).toHaveLength(0);
    world.advance(3_700_000);
    await world.ensure(ofUser.grantId);
    expect(await revoke(ofUser.grantId)).toMatchObject({ providerRevocation: 'confirmed' });
    expect(listEnded()).toHaveLength(1);
    expect(await readGrant(own.grantId)).toMatchObject({ revocation_due_at: null });
  });
});

describe.skipIf(!process.env.DATABASE_URL)('a real process that is killed while it revokes', () => {
  it('F1, F7: the grant is refused at once, and the provider is told by another process', async () => {
    world = await openRefreshWorld('postgres');
    const { grantId } = await world.connect();
    world.emulator.misbehave({
      kind: 'delay',
      endpoint: 'revocation',
      delayMs: 1_500,
      isDroppedOnDisconnect: true,
      times: 1,
    });
    const child = startChild('revoke-child', world.describeChild(grantId));
    await child.waitForLine('revoking');
    await expect.poll(async () => (await readGrant(grantId)).status, { timeout: 10_000 }).toBe('revoked');
    child.process.kill('SIGKILL');
    await child.waitForEnd();
    await expect(revoke(grantId)).rejects.toMatchObject({ code: 'grant_not_found' });
    expect(listEnded()).toEqual([]);
    world.advance(61_000);
    await runJob();
    expect(listEnded()).toHaveLength(1);
    expect(await countRecords()).toBe(1);
    expect(await readGrant(grantId)).toMatchObject({ revocation_result: 'confirmed' });
  }, 30_000);
});
