import { sql } from 'kysely';
import { afterEach, describe, expect, it } from 'vitest';
import { createJobRunner } from '../../src/jobs/job-runner.js';
import { leaseTtlMs } from '../../src/refresh/lease.js';
import { openRefreshWorld, type RefreshWorld } from './refresh-world.js';

let world: RefreshWorld;
afterEach(() => world.close());

const fiveMinutesMs = 300_000;

/** Time passes for a lease in the database's own time, which no test can move. */
async function age(table: 'credentials' | 'job_leases', column: string, ms: number) {
  await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${sql.ref(column)} - ${ms}`.execute(
    world.deps.storage.db,
  );
}

// The deadlines are those of the real database: its clock is the only one that two machines have in common.
describe.skipIf(!process.env.DATABASE_URL)('machines whose clocks differ', () => {
  it.each([
    ['ahead', fiveMinutesMs],
    ['behind', -fiveMinutesMs],
  ])('R2, R4: a process 5 minutes %s steals no live lease, and takes over a dead one', async (_, skewMs) => {
    world = await openRefreshWorld('postgres', { processes: 2, skewsMs: [0, skewMs], mode: 'none' });
    const [first, second] = world.processes;
    const { grantId } = await world.connect();
    world.advance(3_700_000 + fiveMinutesMs);
    world.emulator.misbehave({ kind: 'delay', delayMs: 1_200, times: 1 });
    const held = world.ensure(grantId, first);
    await expect.poll(() => world.refreshCalls(), { interval: 10 }).toBe(1);
    await expect(world.ensure(grantId, second, 500)).rejects.toMatchObject({
      code: 'token_refresh_in_progress',
    });
    expect(world.refreshCalls()).toBe(1);
    await held;

    world.advance(3_700_000 + fiveMinutesMs);
    const row = await world.readCredential(grantId);
    await world.deps.storage.db
      .updateTable('credentials')
      .set({
        lease_holder: 'killed',
        lease_deadline: sql<number>`${world.deps.storage.sharedNow()} + ${leaseTtlMs}`,
        lease_generation: row.lease_generation + 1,
      })
      .execute();
    await expect(world.ensure(grantId, second, 300)).rejects.toMatchObject({
      code: 'token_refresh_in_progress',
    });
    await age('credentials', 'lease_deadline', leaseTtlMs);
    await world.ensure(grantId, second);
    expect(world.refreshCalls()).toBe(2);
    expect(await world.readCredential(grantId)).toMatchObject({ generation: 3, lease_holder: null });
  });

  it('R6: the 10 s before a second answer are not cut short by a clock that is ahead', async () => {
    world = await openRefreshWorld('postgres', {
      processes: 2,
      skewsMs: [0, fiveMinutesMs],
      mode: 'window',
    });
    const [first, second] = world.processes;
    const { grantId } = await world.connect();
    world.emulator.revokeGrants();
    world.advance(3_700_000);
    await expect(world.ensure(grantId, first)).rejects.toMatchObject({ code: 'token_refresh_in_progress' });
    await expect(world.ensure(grantId, second)).rejects.toMatchObject({ code: 'token_refresh_in_progress' });
    expect(world.refreshCalls()).toBe(1);
  });

  it('R4: a job that runs is not taken by a process whose clock is ahead; one whose holder died is', async () => {
    world = await openRefreshWorld('postgres', { processes: 2, skewsMs: [0, fiveMinutesMs] });
    let runs = 0;
    const run = async () => {
      runs += 1;
    };
    const jobs = [{ name: 'slow', intervalMs: 1_000, run }];
    const runner = createJobRunner({
      storage: (world.processes[1] ?? world.deps).storage,
      processId: 'second',
      jobs,
    });
    const deadline = sql<number>`${world.deps.storage.sharedNow()} + 30000`;
    await world.deps.storage.db
      .insertInto('job_leases')
      .values({ name: 'slow', holder: 'first', deadline, next_run_at: 0, last_run_at: null })
      .execute();
    await runner.runDue();
    expect(runs).toBe(0);
    await age('job_leases', 'deadline', 30_000);
    await runner.runDue();
    expect(runs).toBe(1);
  });
});
