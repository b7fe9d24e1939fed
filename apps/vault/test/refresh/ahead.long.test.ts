import { afterEach, describe, expect, it } from 'vitest';
import { createJobRunner, type Job } from '../../src/jobs/job-runner.js';
import { listRefreshJobs } from '../../src/jobs/refresh-jobs.js';
import { databases, openRefreshWorld, type RefreshWorld } from './refresh-world.js';

let world: RefreshWorld;
afterEach(() => world.close());

const dayMs = 86_400_000;
const idle = { refresh_token_idle_seconds: 90 * 86_400 };

/** The job as each process has it; a list of its own for each, since it remembers what it has looked at. */
function prepareJob(process = world.deps): Job {
  const job = listRefreshJobs(process).find((candidate) => candidate.name === 'refresh.ahead');
  if (!job) throw new Error('no job');
  return job;
}

const runJob = (job: Job) => job.run(new AbortController().signal);

describe.each(databases)('refresh in the background, %s', (kind) => {
  it('R1: a credential that nobody uses is refreshed before its idle limit, and not before that is due', async () => {
    world = await openRefreshWorld(kind, { overrides: idle });
    const { grantId } = await world.connect();
    const job = prepareJob();
    await runJob(job);
    const { renew_at, access_issued_at } = await world.readCredential(grantId);
    expect(renew_at).toBe(access_issued_at + 83 * dayMs);
    world.advance(82 * dayMs);
    await runJob(job);
    expect(world.refreshCalls()).toBe(0);
    world.advance(1.1 * dayMs);
    await runJob(job);
    expect(world.refreshCalls()).toBe(1);
    const row = await world.readCredential(grantId);
    expect(row.generation).toBe(2);
    expect(row.renew_at).toBe(row.access_issued_at + 83 * dayMs);
    await runJob(job);
    expect(world.refreshCalls()).toBe(1);
  });

  it("R1: a refresh token's own end is met ahead, however fresh the access token is", async () => {
    world = await openRefreshWorld(kind, { accessTokenTtlSeconds: 10 * 86_400 });
    const { grantId } = await world.connect();
    const table = () => world.deps.storage.db.updateTable('credentials');
    await table()
      .set({ refresh_expires_at: world.clock() + 4 * dayMs })
      .execute();
    const job = prepareJob();
    await runJob(job);
    expect(world.refreshCalls()).toBe(0);
    world.advance(3.1 * dayMs);
    await runJob(job);
    expect(world.refreshCalls()).toBe(1);
    expect((await world.readCredential(grantId)).generation).toBe(2);
  });

  it('R1: without a limit nothing is refreshed and nothing is due', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    const job = prepareJob();
    await runJob(job);
    expect((await world.readCredential(grantId)).renew_at).toBeNull();
    world.advance(400 * dayMs);
    await runJob(job);
    expect(world.refreshCalls()).toBe(0);
  });

  it('R1: a limit that the operator states later counts for what is already connected', async () => {
    world = await openRefreshWorld(kind, { overrides: idle });
    const { grantId } = await world.connect();
    const table = () => world.deps.storage.db.updateTable('credentials');
    await table().set({ renew_at: null }).execute();
    const job = prepareJob();
    await world.deps.storage.db
      .updateTable('provider_configs')
      .set({ renewal_facts: '{"idle_seconds":null}' })
      .execute();
    await runJob(job);
    expect((await world.readCredential(grantId)).renew_at).toBeGreaterThan(0);
    await table().set({ renew_at: null }).execute();
    await runJob(job);
    expect((await world.readCredential(grantId)).renew_at).toBeNull();
  });

  it('R1: a grant that is over, revoked or dead is left alone', async () => {
    world = await openRefreshWorld(kind, { overrides: idle });
    const { grantId } = await world.connect();
    const job = prepareJob();
    await runJob(job);
    await world.deps.storage.db
      .updateTable('grants')
      .set({ expires_at: world.clock() + dayMs })
      .where('id', '=', grantId)
      .execute();
    world.advance(84 * dayMs);
    await runJob(job);
    expect(world.refreshCalls()).toBe(0);
    await world.deps.storage.db.updateTable('grants').set({ expires_at: null }).execute();
    world.advance(1.1 * dayMs);
    await runJob(job);
    expect(world.refreshCalls()).toBe(1);
  });

  it('R1, R7, R8: a provider that fails is left alone, and asked again later; one answer speaks for its whole configuration', async () => {
    world = await openRefreshWorld(kind, { overrides: idle });
    const grants = [await world.connect(), await world.connect('bob')];
    const job = prepareJob();
    await runJob(job);
    world.advance(84 * dayMs);
    world.emulator.rotateClientSecret('oidc', 'app', 'other');
    await runJob(job);
    const refused = world.refreshCalls();
    expect(refused).toBeLessThanOrEqual(2);
    await runJob(job);
    expect(world.refreshCalls()).toBe(refused);
    world.emulator.rotateClientSecret('oidc', 'app', 'secret-1');
    // Half open, the breaker lets one through; the others come with the next round.
    for (let round = 0; round < 2; round += 1) {
      world.advance(3_700_000);
      await runJob(job);
    }
    for (const { grantId } of grants) {
      expect(await world.readCredential(grantId)).toMatchObject({ status: 'active', generation: 2 });
    }
  });

  it('F3: nothing new is begun once the job is stopped', async () => {
    world = await openRefreshWorld(kind, { overrides: idle });
    await world.connect();
    const job = prepareJob();
    await runJob(job);
    world.advance(84 * dayMs);
    await job.run(AbortSignal.abort());
    expect(world.refreshCalls()).toBe(0);
  });

  it('R1: a page at a time and four at a time, each credential once', async () => {
    const users = Array.from({ length: 12 }, (_, index) => ({
      id: `user-${index}`,
      email: `user-${index}@example.test`,
      name: `User ${index}`,
    }));
    world = await openRefreshWorld(kind, { overrides: idle, users });
    for (const user of users) await world.connect(user.id);
    const job = prepareJob();
    await runJob(job);
    world.advance(84 * dayMs);
    world.emulator.updateSettings({ tokenDelayMs: 60 });
    let inFlightMax = 0;
    const watch = setInterval(() => {
      const events = world.emulator.log();
      const count = (name: string) =>
        events.filter((event) => event.event === name && event.tokenType === 'refresh_token').length;
      inFlightMax = Math.max(inFlightMax, count('presented') - count('accepted'));
    }, 5);
    await runJob(job);
    clearInterval(watch);
    expect(world.refreshCalls()).toBe(12);
    expect(inFlightMax).toBeLessThanOrEqual(4);
  });
});

describe.skipIf(!process.env.DATABASE_URL)('refresh in the background by three processes', () => {
  it('R1, R2: the job runs once over all processes, and each credential is refreshed once', async () => {
    world = await openRefreshWorld('postgres', { overrides: idle, processes: 3 });
    const grants = [await world.connect(), await world.connect('bob')];
    const runners = world.processes.map((process) =>
      createJobRunner({
        storage: process.storage,
        processId: process.processId,
        jobs: listRefreshJobs(process),
      }),
    );
    const runAll = () => Promise.all(runners.map((runner) => runner.runDue()));
    await runAll();
    world.advance(84 * dayMs);
    await runAll();
    expect(world.refreshCalls()).toBe(2);
    for (const { grantId } of grants) expect((await world.readCredential(grantId)).generation).toBe(2);
  });
});
