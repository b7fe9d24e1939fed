import { afterEach, describe, expect, it } from 'vitest';
import { listRefreshJobs } from '../../src/jobs/refresh-jobs.js';
import { databases, openRefreshWorld, type RefreshWorld } from './refresh-world.js';

let world: RefreshWorld;
afterEach(() => world.close());

const dayMs = 86_400_000;
const users = Array.from({ length: 8 }, (_, index) => ({
  id: `user-${index}`,
  email: `user-${index}@example.test`,
  name: `User ${index}`,
}));

/** Eight accounts whose renewal is due, and the job that comes by every minute. */
async function prepareDue(kind: 'sqlite' | 'postgres', mode: 'strict' | 'none') {
  const overrides = { refresh_token_idle_seconds: 90 * 86_400 };
  world = await openRefreshWorld(kind, { mode, overrides, users });
  const grantIds: string[] = [];
  for (const user of users) grantIds.push((await world.connect(user.id)).grantId);
  const job = listRefreshJobs(world.deps).find((candidate) => candidate.name === 'refresh.ahead');
  if (!job) throw new Error('no job');
  const run = () => job.run(new AbortController().signal);
  await run();
  world.advance(84 * dayMs);
  return { run, grantIds };
}

async function countBy(column: 'status' | 'generation', value: string | number): Promise<number> {
  const rows = await world.deps.storage.db.selectFrom('credentials').select(column).execute();
  return rows.filter((row) => row[column as keyof typeof row] === value).length;
}

describe.each(databases)('a provider that is not well while credentials are due, %s', (kind) => {
  it('R1, R4: a strict provider that takes requests and gives no answer costs one credential a run at most, and less and less often', async () => {
    const { run } = await prepareDue(kind, 'strict');
    const order = world.emulator.misbehave({ kind: 'cut' });
    await run();
    expect([await countBy('status', 'needs_reauth'), world.refreshCalls()]).toEqual([1, 1]);
    // A minute's pause, and then two.
    world.advance(30_000);
    await run();
    expect(await countBy('status', 'needs_reauth')).toBe(1);
    for (let minute = 1; minute <= 3; minute += 1) {
      world.advance(61_000);
      await run();
    }
    expect([await countBy('status', 'needs_reauth'), world.refreshCalls()]).toEqual([3, 3]);
    world.emulator.clearMisbehaviours(order);
    world.advance(3_600_000);
    await run();
    expect([await countBy('status', 'needs_reauth'), await countBy('generation', 2)]).toEqual([3, 5]);
  });

  it('R1, R8: after three failures in a row the rest waits, and is first at the next run', async () => {
    const { run, grantIds } = await prepareDue(kind, 'none');
    const order = world.emulator.misbehave({ kind: 'server_error' });
    await run();
    expect(world.refreshCalls()).toBe(3);
    world.emulator.clearMisbehaviours(order);
    await run();
    expect([world.refreshCalls(), await countBy('generation', 2)]).toEqual([8, 5]);
    world.advance(3_700_000);
    await run();
    for (const grantId of grantIds) {
      expect(await world.readCredential(grantId)).toMatchObject({ status: 'active', generation: 2 });
    }
  });

  it("R1, R8: one tenant's host that is away keeps nobody else's credentials from being renewed", async () => {
    const { run, grantIds } = await prepareDue(kind, 'none');
    const [first = ''] = grantIds;
    const ids = grantIds.slice(0, 4);
    await world.deps.storage.db
      .updateTable('grants')
      .set({ parameters_json: '{"subdomain":"away"}' })
      .where('id', 'in', ids)
      .execute();
    await world.deps.storage.db
      .updateTable('credentials')
      .set({ retry_at: world.clock() + dayMs })
      .where('id', 'in', (query) => query.selectFrom('grants').select('credential_id').where('id', 'in', ids))
      .execute();
    await run();
    expect([world.refreshCalls(), await countBy('generation', 2)]).toEqual([4, 4]);
    expect((await world.readCredential(first)).generation).toBe(1);
  });
});
