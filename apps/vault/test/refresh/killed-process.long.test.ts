import { afterEach, describe, expect, it } from 'vitest';
import { startChild } from '../children/run-child.js';
import { openRefreshWorld, type RefreshWorld } from './refresh-world.js';

let world: RefreshWorld;
afterEach(() => world.close());

/** A real process with a refresh under way: the provider has its request. */
async function startRefreshingChild(grantId: string) {
  const child = startChild('refresh-child', world.describeChild(grantId));
  await expect.poll(() => world.refreshCalls(), { timeout: 10_000, interval: 20 }).toBe(1);
  return child;
}

/** The time of a dead holder's lease passes. */
async function killAndOutlive(child: ReturnType<typeof startChild>) {
  child.process.kill('SIGKILL');
  await child.waitForEnd();
  world.advance(20_100);
}

describe.skipIf(!process.env.DATABASE_URL)('real processes on one PostgreSQL', () => {
  it('R4: killed before the provider consumed the token, not rotating: nothing lost', async () => {
    world = await openRefreshWorld('postgres', { mode: 'none' });
    const { grantId } = await world.connect();
    world.emulator.misbehave({ kind: 'delay', delayMs: 1_500, isDroppedOnDisconnect: true, times: 1 });
    world.advance(3_700_000);
    await killAndOutlive(await startRefreshingChild(grantId));
    await world.ensure(grantId);
    expect(world.emulator.summarizeLog()).toMatchObject({ refreshReplayed: [], refreshAccepted: 1 });
    expect(await world.readCredential(grantId)).toMatchObject({ status: 'active', generation: 2 });
  }, 30_000);

  it('R4: killed after the provider consumed the token, reuse window: one replay, nothing lost', async () => {
    world = await openRefreshWorld('postgres', { mode: 'window' });
    const { grantId } = await world.connect();
    world.emulator.misbehave({ kind: 'delay', delayMs: 2_000, when: 'after', times: 1 });
    world.advance(3_700_000);
    await killAndOutlive(await startRefreshingChild(grantId));
    await world.ensure(grantId);
    const { refreshReplayed } = world.emulator.summarizeLog();
    expect(refreshReplayed.map((use) => use.presentedAfterSpent)).toEqual([1]);
    expect(await world.readCredential(grantId)).toMatchObject({ status: 'active', generation: 2 });
    expect((await world.listEvents()).map((event) => event.kind)).toContain('credential.replayed');
  }, 30_000);

  it('R4: killed after the provider consumed the token, strict: no replay, only this credential asks for its user', async () => {
    world = await openRefreshWorld('postgres');
    const { grantId } = await world.connect();
    const other = await world.connect('bob');
    world.emulator.misbehave({ kind: 'delay', delayMs: 2_000, when: 'after', times: 1 });
    world.advance(3_700_000);
    await killAndOutlive(await startRefreshingChild(grantId));
    await expect(world.ensure(grantId)).rejects.toMatchObject({ code: 'credential_revoked' });
    await world.ensure(other.grantId);
    expect(world.emulator.summarizeLog()).toMatchObject({ refreshReplayed: [], familiesRevoked: [] });
    expect(await world.readCredential(grantId)).toMatchObject({ death_cause: 'interrupted_refresh' });
    expect(await world.readCredential(other.grantId)).toMatchObject({ status: 'active' });
  }, 30_000);

  it('R5: a holder that slept longer than its lease keeps its answer when it is the newest', async () => {
    world = await openRefreshWorld('postgres');
    const { grantId } = await world.connect();
    world.emulator.misbehave({ kind: 'delay', delayMs: 300, when: 'after', times: 1 });
    world.advance(3_700_000);
    const child = await startRefreshingChild(grantId);
    child.process.kill('SIGSTOP');
    world.advance(20_100);
    await expect(world.ensure(grantId)).rejects.toMatchObject({ code: 'credential_revoked' });
    child.process.kill('SIGCONT');
    await child.waitForEnd();
    expect(await world.readCredential(grantId)).toMatchObject({
      status: 'active',
      generation: 2,
      death_cause: null,
    });
    await world.ensure(grantId);
    expect(world.refreshCalls()).toBe(1);
  }, 30_000);

  it('R2: 900 callers in three processes, provider slower than the lease: one provider call', async () => {
    world = await openRefreshWorld('postgres');
    const { grantId } = await world.connect();
    world.emulator.updateSettings({ tokenDelayMs: 7_500 });
    world.advance(3_700_000);
    const children = Array.from({ length: 3 }, () =>
      startChild('refresh-child', { ...world.describeChild(grantId), callers: 300 }),
    );
    const lines = await Promise.all(children.map((child) => child.waitForLine('results ')));
    const results = lines.flatMap((line) => JSON.parse(line.slice('results '.length)) as string[]);
    expect(results).toHaveLength(900);
    expect(new Set(results)).toEqual(new Set(['fresh']));
    expect(world.refreshCalls()).toBe(1);
    await Promise.all(children.map((child) => child.waitForEnd()));
  }, 60_000);
});
