import { afterEach, describe, expect, it } from 'vitest';
import { createJobRunner } from '../../src/jobs/job-runner.js';
import { listRefreshJobs } from '../../src/jobs/refresh-jobs.js';
import { listExpiredGrants, storeExpiryRecordState } from '../../src/storage/live/due/expired-grants.js';
import { databases, openRefreshWorld, type RefreshWorld } from '../refresh/refresh-world.js';

let world: RefreshWorld;
afterEach(() => world.close());

const dayMs = 86_400_000;

function listJobs(process = world.deps) {
  return listRefreshJobs(process).filter((job) => job.name === 'grants.record_expired');
}

const runJob = async () => {
  for (const job of listJobs()) await job.run(new AbortController().signal);
};

async function endIn(grantId: string, ms: number) {
  const { db } = world.deps.storage;
  await db
    .updateTable('grants')
    .set({ expires_at: world.clock() + ms, expiry_record_state: 0 })
    .where('id', '=', grantId)
    .execute();
}

const listRecords = async () =>
  (await world.listEvents())
    .filter((event) => event.kind === 'grant.expired')
    .map((event) => JSON.parse(event.record) as { grant_id: string; details: { expired_at: string } });

describe.each(databases)('grants whose lifetime is over, %s', (kind) => {
  it('A4: the end is on record once, and not before it', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    const other = await world.connect('bob');
    await endIn(grantId, dayMs);
    await endIn(other.grantId, 9 * dayMs);
    await runJob();
    expect(await listRecords()).toEqual([]);
    world.advance(dayMs + 1_000);
    await runJob();
    await runJob();
    const records = await listRecords();
    expect(records).toHaveLength(1);
    expect(JSON.stringify(records)).toContain(grantId);
  });

  it('A4: a grant that got a new lifetime ends once more', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    await endIn(grantId, 60_000);
    world.advance(61_000);
    await runJob();
    await world.connect();
    await endIn(grantId, 60_000);
    world.advance(61_000);
    await runJob();
    expect(await listRecords()).toHaveLength(2);
  });

  it('A4: a revoked grant does not expire', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    await endIn(grantId, 60_000);
    await world.deps.storage.db.updateTable('grants').set({ status: 'revoked' }).execute();
    world.advance(61_000);
    await runJob();
    expect(await listRecords()).toEqual([]);
  });

  it('A4, F1: killed before or after the record was written: there is one record', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    await endIn(grantId, 60_000);
    world.advance(61_000);
    const due = await listExpiredGrants(world.deps.storage, world.clock(), 10);
    expect(due).toHaveLength(1);
    await storeExpiryRecordState(world.deps.storage, due, 1);
    await runJob();
    expect(await listRecords()).toHaveLength(1);
    await world.deps.storage.db.updateTable('grants').set({ expiry_record_state: 1 }).execute();
    await runJob();
    expect(await listRecords()).toHaveLength(1);
  });
});

describe.skipIf(!process.env.DATABASE_URL)('three processes', () => {
  it('A4: the end is on record once over all of them', async () => {
    world = await openRefreshWorld('postgres', { processes: 3 });
    for (const user of ['alice', 'bob']) await endIn((await world.connect(user)).grantId, 60_000);
    world.advance(61_000);
    const runners = world.processes.map((process) =>
      createJobRunner({
        storage: process.storage,
        processId: process.processId,
        jobs: listJobs(process),
      }),
    );
    await Promise.all(runners.map((runner) => runner.runDue()));
    for (const process of world.processes) await process.audit.flush();
    expect(await listRecords()).toHaveLength(2);
  });
});
