import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { PostgresPair } from '../world/postgres-pair.js';
import type { FaultAtWork, SystemFaultInput } from './run-system-faults.js';

/** Breaks the database, or the way to it. */
export async function disturbDatabase(input: SystemFaultInput, work: FaultAtWork): Promise<void> {
  const { world } = input;
  const { plan } = work;
  if (plan.kind === 'disk_full') return fillDisk(input, work);
  const { postgres, databaseProxies } = world;
  if (postgres === undefined) return;
  const one = databaseProxies[plan.vault % databaseProxies.length];
  switch (plan.kind) {
    case 'database_cut_one':
    case 'database_cut_all': {
      const isOne = plan.kind === 'database_cut_one';
      const proxies = isOne && one ? [one] : databaseProxies;
      work.begin({ vaults: isOne ? [plan.vault % databaseProxies.length] : undefined });
      for (const proxy of proxies) proxy.setMode('refuse');
      await work.wait(plan.durationMs);
      for (const proxy of proxies) proxy.setMode('pass');
      return;
    }
    case 'database_half_open':
      work.begin({ vaults: [plan.vault % databaseProxies.length] });
      one?.setMode('silent');
      await work.wait(plan.durationMs);
      one?.setMode('pass');
      return;
    case 'database_delay':
      work.begin({ vaults: undefined, detail: '150 ms each way' });
      for (const proxy of databaseProxies) proxy.setDelay(150);
      await work.wait(plan.durationMs);
      for (const proxy of databaseProxies) proxy.setDelay(0);
      return;
    case 'connections_exhausted':
      return exhaustConnections(postgres, work);
    case 'postgres_restart':
      work.begin({ vaults: undefined });
      await postgres.stopImmediately();
      await work.wait(plan.durationMs);
      return postgres.start();
    case 'standby_promoted':
      if (!postgres.hasStandby())
        return work.skip('no standby: pg_basebackup is missing, or none is ready yet');
      work.begin({ vaults: undefined });
      world.primaryProxy?.setMode('refuse');
      await postgres.promote();
      world.primaryProxy?.setTarget(postgres.port());
      world.primaryProxy?.setMode('pass');
      return;
    default:
      return hangCommits(input, postgres, work);
  }
}

/** Takes every connection that the server gives, until the time is over. */
async function exhaustConnections(postgres: PostgresPair, work: FaultAtWork): Promise<void> {
  const admin = await postgres.connect();
  const taken: pg.Client[] = [];
  work.begin({ vaults: undefined });
  const untilMs = Date.now() + work.plan.durationMs;
  while (Date.now() < untilMs) {
    await admin
      .query(
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'vault' and application_name <> 'tester'",
      )
      .catch(() => {});
    for (;;) {
      const client = new pg.Client({
        host: '127.0.0.1',
        port: postgres.port(),
        user: 'vault',
        database: 'vault',
        application_name: 'tester',
      });
      client.on('error', () => {});
      try {
        await client.connect();
      } catch {
        break;
      }
      taken.push(client);
    }
    await sleep(200);
  }
  await Promise.all([admin, ...taken].map((client) => client.end().catch(() => {})));
}

/** The standby receives nothing, so commits hang while reads go on; then the vault with the most waiting callers is killed. */
async function hangCommits(
  input: SystemFaultInput,
  postgres: PostgresPair,
  work: FaultAtWork,
): Promise<void> {
  const vault = input.world.fleet.vaults[work.plan.vault % input.world.fleet.vaults.length];
  if (!postgres.hasStandby()) return work.skip('no standby: pg_basebackup is missing, or none is ready yet');
  const release = await postgres.holdStandby().catch(() => undefined);
  if (release === undefined) return;
  work.begin({ vaults: undefined });
  await work.wait(work.plan.durationMs);
  vault?.kill(1_000);
  await work.wait(200);
  release();
}

async function fillDisk(input: SystemFaultInput, work: FaultAtWork): Promise<void> {
  const { disk, fleet } = input.world;
  if (disk === undefined) return work.skip('neither may this user mount a file system nor is there prlimit');
  const vault = fleet.vaults[0];
  work.begin({ vaults: [0], detail: disk.method });
  await disk.fill(vault?.pid());
  await work.wait(work.plan.durationMs);
  await disk.empty(vault?.pid());
}
