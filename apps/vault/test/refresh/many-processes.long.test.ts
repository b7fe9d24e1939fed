import { afterEach, describe, expect, it } from 'vitest';
import { leaseTtlMs } from '../../src/refresh/lease.js';
import { openRefreshWorld, type RefreshWorld } from './refresh-world.js';

let world: RefreshWorld;
afterEach(() => world.close());

// Each has its own pool, shared promises and process id; a real fleet runs in chaos and end-to-end tests.
describe.skipIf(!process.env.DATABASE_URL)('three vaults on one PostgreSQL', () => {
  it('R2: 1,000 calls on an expired token, provider slower than the lease: one provider call', async () => {
    world = await openRefreshWorld('postgres', { processes: 3 });
    const { grantId } = await world.connect();
    world.emulator.updateSettings({ tokenDelayMs: leaseTtlMs + 1_500 });
    world.advance(3_700_000);
    const calls = Array.from({ length: 1000 }, (_, index) =>
      world.ensure(grantId, world.processes[index % 3] ?? world.deps),
    );
    const results = await Promise.allSettled(calls);
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toEqual([]);
    expect(world.refreshCalls()).toBe(1);
    expect(world.emulator.summarizeLog().refreshReplayed).toEqual([]);
    expect((await world.readCredential(grantId)).generation).toBe(2);
  }, 30_000);

  it('R2, M5: callers of other processes read the new token from the row', async () => {
    world = await openRefreshWorld('postgres', { processes: 3 });
    const { grantId } = await world.connect();
    world.emulator.updateSettings({ tokenDelayMs: 1_000 });
    world.advance(3_700_000);
    const settled: string[] = [];
    await Promise.all(
      world.processes.map(async (process, index) => {
        await world.ensure(grantId, process);
        settled.push(String(index));
      }),
    );
    expect(settled).toHaveLength(3);
    expect(world.refreshCalls()).toBe(1);
  });

  it('R7: a breaker that one process opened holds for all', async () => {
    world = await openRefreshWorld('postgres', { processes: 2 });
    const { grantId } = await world.connect();
    const [, second] = world.processes;
    world.emulator.rotateClientSecret('oidc', 'app', 'other');
    world.advance(3_700_000);
    await expect(world.ensure(grantId)).rejects.toMatchObject({
      code: 'provider_configuration_unavailable',
    });
    await expect(world.ensure(grantId, second)).rejects.toMatchObject({
      code: 'provider_configuration_unavailable',
    });
    expect(world.refreshCalls()).toBe(1);
  });
});
