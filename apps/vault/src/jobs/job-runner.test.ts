import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { forEachDatabase } from '../../test/databases.js';
import { locateNonce } from '../storage/log/nonces.js';
import { hasTable } from '../storage/migrations/migrate.js';
import { createJobRunner, type Job } from './job-runner.js';
import { listUpkeepJobs } from './upkeep-jobs.js';

forEachDatabase('job runner', (createDatabase, kind) => {
  async function prepare() {
    const state = { time: 1_000_000, runs: 0, errors: [] as unknown[], count: () => {} };
    state.count = () => {
      state.runs += 1;
    };
    const clock = () => state.time;
    const storage = await (await createDatabase()).open({ sharedClock: clock });
    const onError = (_: string, error: unknown) => state.errors.push(error);
    const job: Job = { name: 'count', intervalMs: 10_000, run: async () => state.count() };
    const createRunner = (processId: string, jobs: Job[] = [job]) =>
      createJobRunner({ storage, processId, jobs, onError });
    return { state, storage, clock, createRunner };
  }

  it('runs a job once over all processes, again after its interval', async () => {
    const { state, createRunner } = await prepare();
    const runners = ['a', 'b', 'c'].map((name) => createRunner(name));
    const runAll = () => Promise.all(runners.map((runner) => runner.runDue()));
    await runAll();
    await runAll();
    state.time += 9_999;
    await runAll();
    expect(state.runs).toBe(1);
    state.time += 1;
    await runAll();
    expect([state.runs, state.errors]).toEqual([2, []]);
  });

  it('R4: a job whose holder died is taken over after the deadline', async () => {
    const { state, storage, createRunner } = await prepare();
    await createRunner('a', []).runDue();
    await storage.db
      .insertInto('job_leases')
      .values({
        name: 'count',
        holder: 'dead',
        deadline: state.time + 30_000,
        next_run_at: 0,
        last_run_at: null,
      })
      .execute();
    const runner = createRunner('b');
    await runner.runDue();
    expect(state.runs).toBe(0);
    state.time += 30_000;
    await runner.runDue();
    expect(state.runs).toBe(1);
    expect(await storage.db.selectFrom('job_leases').select(['holder', 'last_run_at']).execute()).toEqual([
      { holder: null, last_run_at: state.time },
    ]);
  });

  it('a job that fails is reported, keeps nobody from theirs, and is due again', async () => {
    const { state, createRunner } = await prepare();
    const failing: Job = {
      name: 'failing',
      intervalMs: 1_000,
      run: () => Promise.reject(new Error('no luck')),
    };
    const good: Job = { name: 'good', intervalMs: 1_000, run: async () => state.count() };
    const runner = createRunner('a', [failing, good]);
    await runner.runDue();
    state.time += 1_000;
    await runner.runDue();
    expect([state.runs, state.errors.map(String)]).toEqual([2, ['Error: no luck', 'Error: no luck']]);
  });

  it('A3: a job that waits for others keeps nobody waiting: checkpoints go on however long a provider takes', async () => {
    const { state, createRunner } = await prepare();
    let answer: () => void = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let waits = 0;
    const slow: Job = {
      name: 'slow',
      intervalMs: 1_000,
      isApart: true,
      run: async () => {
        waits += 1;
        await answered;
      },
    };
    const runner = createRunner('a', [slow, { name: 'good', intervalMs: 0, run: async () => state.count() }]);
    runner.start();
    await vi.waitUntil(() => waits === 1 && state.runs === 1);
    void runner.runDue();
    await vi.waitUntil(() => state.runs === 2);
    expect(waits).toBe(1);
    const stopped = runner.stop();
    answer();
    await stopped;
    expect([waits, state.errors]).toEqual([1, []]);
  });

  it('F3: stop ends what runs, and gives the job back at once', async () => {
    const { storage, createRunner } = await prepare();
    let begin: () => void = () => {};
    const began = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const long: Job = {
      name: 'long',
      intervalMs: 1_000_000,
      run: async (signal) => {
        begin();
        await delay(60_000, undefined, { signal }).catch(() => {});
      },
    };
    const runner = createRunner('a', [long]);
    runner.start();
    await began;
    await runner.stop();
    const row = await storage.db.selectFrom('job_leases').selectAll().executeTakeFirstOrThrow();
    expect([row.holder, row.next_run_at]).toEqual([null, 1_000_000]);
  });

  it.skipIf(kind === 'postgres')('F3: no timer is left after stop', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    try {
      const { state, createRunner } = await prepare();
      const runner = createRunner('a');
      runner.start();
      await runner.runDue();
      await vi.waitUntil(() => vi.getTimerCount() > 0);
      state.time += 10_000;
      await vi.advanceTimersByTimeAsync(5_000);
      await runner.runDue();
      await runner.stop();
      expect([state.runs, vi.getTimerCount()]).toEqual([2, 0]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('A5: makes the next month and forgets nonces that are too old, and no others', async () => {
    const { state, storage, clock, createRunner } = await prepare();
    state.time = Date.UTC(2026, 11, 31, 23, 58);
    const seconds = state.time / 1000;
    const ages = [-300, -60, 0, 60, 300, 1_000, 2_101, 2_400];
    for (const age of ages) {
      const { turn, key } = locateNonce('k', String(age), seconds - age);
      await storage.db.insertInto(`nonces_${turn}`).values({ nonce: key }).execute();
    }
    await createRunner('a', listUpkeepJobs({ storage, clock })).runDue();
    expect(state.errors).toEqual([]);
    expect([await hasTable(storage, 'audit_2026_12'), await hasTable(storage, 'audit_2027_01')]).toEqual([
      true,
      true,
    ]);
    const kept: string[] = [];
    for (const turn of [0, 1, 2] as const)
      kept.push(
        ...(await storage.db.selectFrom(`nonces_${turn}`).select('nonce').execute()).map(
          (row) => row.nonce.split(':')[2] ?? '',
        ),
      );
    for (const age of [-300, -60, 0, 60, 300]) expect(kept).toContain(String(age));
    for (const age of [2_101, 2_400]) expect(kept).not.toContain(String(age));
  });

  it('T1: a process whose clock is an hour ahead deletes no nonce that still counts', async () => {
    const storage = await (await createDatabase()).open();
    const { turn, key } = locateNonce('k', 'recent', Date.now() / 1000 - 60);
    await storage.db.insertInto(`nonces_${turn}`).values({ nonce: key }).execute();
    const jobs = listUpkeepJobs({ storage, clock: () => Date.now() + 3_600_000 });
    await createJobRunner({ storage, processId: 'ahead', jobs }).runDue();
    expect(await storage.db.selectFrom(`nonces_${turn}`).select('nonce').execute()).toEqual([{ nonce: key }]);
  });
});
