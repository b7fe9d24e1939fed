import { sha256Hex } from '@alter-ai/core-crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { isStillUsable } from '../../src/access/checks/check-grant-state.js';
import { openTokens, sealTokens } from '../../src/grants/stored-tokens.js';
import {
  findCredential,
  markSent,
  storeRefreshedTokens,
  takeLease,
  writeIntent,
} from '../../src/storage/live/credentials.js';
import { findUsableGrant } from '../../src/storage/live/grants/usable-grant.js';
import { databases, openRefreshWorld, type RefreshWorld } from './refresh-world.js';

let world: RefreshWorld;
afterEach(() => world.close());

/** What a process leaves behind that was killed with a lease, and perhaps with an open intent. */
async function abandonHolder(
  grantId: string,
  options: { hasIntent: boolean; isReplay?: boolean; isUnsent?: boolean },
) {
  const { deps } = world;
  const row = await world.readCredential(grantId);
  const key = { appId: row.app_id, credentialId: row.id };
  const lease = await takeLease(deps.storage, row, 'killed-process', 6_000);
  if (!lease) throw new Error('no lease');
  if (options.hasIntent) {
    const tokens = await openTokens(deps.keyring, key, row.sealed_tokens);
    await writeIntent(deps.storage, key, lease, {
      refreshTokenHash: sha256Hex(tokens.refresh_token ?? ''),
      isReplay: options.isReplay ?? false,
      ttlMs: 6_000,
    });
    if (!options.isUnsent) await markSent(deps.storage, key, lease);
  }
  return { key, lease };
}

async function readDeath(grantId: string) {
  const { status, death_cause } = await world.readCredential(grantId);
  return { status, death_cause };
}

describe.each(databases)('holders that die and answers that are lost, %s', (kind) => {
  it('R2, R4: a live lease keeps others away; one that outlives its holder is taken over', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.advance(3_700_000);
    await abandonHolder(grantId, { hasIntent: false });
    await expect(world.ensure(grantId, world.deps, 400)).rejects.toMatchObject({
      code: 'token_refresh_in_progress',
    });
    expect(world.refreshCalls()).toBe(0);
    world.advance(6_100);
    await world.ensure(grantId);
    expect(world.refreshCalls()).toBe(1);
  });

  it.each(['strict', 'window'] as const)(
    'R4: a holder that has sent its request may be stalled only: at a %s provider it is waited for beyond its lease',
    async (mode) => {
      world = await openRefreshWorld(kind, { mode });
      const { grantId } = await world.connect();
      world.advance(3_700_000);
      await abandonHolder(grantId, { hasIntent: true });
      world.advance(6_100);
      await expect(world.ensure(grantId, world.deps, 400)).rejects.toMatchObject({
        code: 'token_refresh_in_progress',
      });
      expect(world.refreshCalls()).toBe(0);
      expect(await readDeath(grantId)).toEqual({ status: 'active', death_cause: null });
    },
  );

  it('R4: open intent, strict provider: no replay; the valid access token works until it expires', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.advance(3_400_000);
    await abandonHolder(grantId, { hasIntent: true });
    world.advance(20_100);
    await world.ensure(grantId);
    expect(await readDeath(grantId)).toEqual({ status: 'needs_reauth', death_cause: 'interrupted_refresh' });
    const grant = await findUsableGrant(world.deps.storage, world.settings.appId, grantId);
    expect(grant && isStillUsable(grant, world.clock())).toBe(true);
    world.advance(200_000);
    expect(grant && isStillUsable(grant, world.clock())).toBe(false);
    await expect(world.ensure(grantId)).rejects.toMatchObject({ code: 'credential_revoked' });
    expect(world.refreshCalls()).toBe(0);
  });

  it('R4: a holder that died before its connection stood has not reached the provider: even a strict one is asked', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.advance(3_700_000);
    await abandonHolder(grantId, { hasIntent: true, isUnsent: true });
    world.advance(6_100);
    await world.ensure(grantId);
    expect(world.refreshCalls()).toBe(1);
    expect(await readDeath(grantId)).toEqual({ status: 'active', death_cause: null });
    expect((await world.listEvents()).map((event) => event.kind)).not.toContain('credential.replayed');
  });

  it('R4: what did not reach the provider stays known over a holder that only took the lease', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.advance(3_700_000);
    await abandonHolder(grantId, { hasIntent: true, isUnsent: true });
    world.advance(6_100);
    await abandonHolder(grantId, { hasIntent: false });
    world.advance(6_100);
    await world.ensure(grantId);
    expect(world.refreshCalls()).toBe(1);
    expect(await readDeath(grantId)).toEqual({ status: 'active', death_cause: null });
  });

  it('R4: what was sent stays open over a holder that only took the lease: a strict provider is not asked', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.advance(3_700_000);
    await abandonHolder(grantId, { hasIntent: true });
    world.advance(20_100);
    await abandonHolder(grantId, { hasIntent: false });
    world.advance(20_100);
    await expect(world.ensure(grantId)).rejects.toMatchObject({ code: 'credential_revoked' });
    expect(world.refreshCalls()).toBe(0);
  });

  it('R4: a replay that did not reach the provider leaves the first request as unknown as it was', async () => {
    world = await openRefreshWorld(kind, { mode: 'window' });
    const { grantId } = await world.connect();
    world.advance(3_700_000);
    await abandonHolder(grantId, { hasIntent: true });
    await world.emulator.close();
    world.advance(20_100);
    await expect(world.ensure(grantId)).rejects.toMatchObject({ code: 'provider_unavailable' });
    expect(await readDeath(grantId)).toEqual({ status: 'active', death_cause: null });
    // Too late for a replay: whether the token is spent nobody knows.
    world.advance(20_100);
    await expect(world.ensure(grantId)).rejects.toMatchObject({ code: 'credential_revoked' });
    expect(await readDeath(grantId)).toEqual({ status: 'needs_reauth', death_cause: 'interrupted_refresh' });
  });

  it('R4: keys that are away for a moment do not make an interrupted refresh forgotten', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.advance(3_700_000);
    await abandonHolder(grantId, { hasIntent: true });
    world.advance(20_100);
    const open = () => Promise.reject(new Error('the key service does not answer'));
    const keyless = { ...world.deps, keyring: { ...world.deps.keyring, open } };
    await expect(world.ensure(grantId, keyless)).rejects.toThrow('does not answer');
    await expect(world.ensure(grantId)).rejects.toMatchObject({ code: 'credential_revoked' });
    expect(await readDeath(grantId)).toEqual({ status: 'needs_reauth', death_cause: 'interrupted_refresh' });
    expect(world.refreshCalls()).toBe(0);
  });

  it('R4: open intent, reuse window: one replay, recorded', async () => {
    world = await openRefreshWorld(kind, { mode: 'window' });
    const { grantId } = await world.connect();
    world.advance(3_700_000);
    await abandonHolder(grantId, { hasIntent: true });
    world.advance(20_100);
    await world.ensure(grantId);
    expect(world.refreshCalls()).toBe(1);
    const replay = (await world.listEvents()).find((event) => event.kind === 'credential.replayed');
    expect(replay && JSON.parse(replay.record)).toMatchObject({ outcome: 'window' });
  });

  it('R4: reuse window: no second replay, and none after the window', async () => {
    world = await openRefreshWorld(kind, { mode: 'window' });
    const first = await world.connect();
    const second = await world.connect('bob');
    world.advance(3_700_000);
    await abandonHolder(first.grantId, { hasIntent: true, isReplay: true });
    await abandonHolder(second.grantId, { hasIntent: true });
    world.advance(20_100);
    await expect(world.ensure(first.grantId)).rejects.toMatchObject({ code: 'credential_revoked' });
    world.advance(60_000);
    await expect(world.ensure(second.grantId)).rejects.toMatchObject({ code: 'credential_revoked' });
    expect(world.refreshCalls()).toBe(0);
  });

  it('R4: open intent, tokens that do not rotate: replayed', async () => {
    world = await openRefreshWorld(kind, { mode: 'none' });
    const { grantId } = await world.connect();
    world.advance(3_700_000);
    await abandonHolder(grantId, { hasIntent: true, isReplay: true });
    world.advance(120_000);
    await world.ensure(grantId);
    expect(world.refreshCalls()).toBe(1);
  });

  it('R4: a connection cut after the request was written, strict: no replay, interrupted_refresh', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.emulator.misbehave({ kind: 'cut', when: 'after' });
    world.advance(3_700_000);
    await expect(world.ensure(grantId)).rejects.toMatchObject({
      code: 'credential_revoked',
      fields: { cause: 'interrupted_refresh' },
    });
    expect(world.refreshCalls()).toBe(1);
    expect(world.emulator.summarizeLog().refreshReplayed).toEqual([]);
  });

  it('R4: a connection cut after the token was spent, reuse window: the replay saves the credential', async () => {
    world = await openRefreshWorld(kind, { mode: 'window' });
    const { grantId } = await world.connect();
    world.emulator.misbehave({ kind: 'cut', when: 'after', times: 1 });
    world.advance(3_700_000);
    await world.ensure(grantId);
    expect(world.refreshCalls()).toBe(2);
    expect(await readDeath(grantId)).toEqual({ status: 'active', death_cause: null });
  });

  it('R4: cut again and again, tokens that do not rotate: transient, never dead', async () => {
    world = await openRefreshWorld(kind, { mode: 'none' });
    const { grantId } = await world.connect();
    const order = world.emulator.misbehave({ kind: 'cut' });
    world.advance(3_700_000);
    await expect(world.ensure(grantId)).rejects.toMatchObject({ code: 'provider_unavailable' });
    world.emulator.clearMisbehaviours(order);
    world.advance(2_000);
    await world.ensure(grantId);
    expect(await readDeath(grantId)).toEqual({ status: 'active', death_cause: null });
  });

  it('R5: a slow holder whose account was connected again meanwhile overwrites nothing', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.emulator.misbehave({ kind: 'delay', delayMs: 900, when: 'after', times: 1 });
    world.advance(3_700_000);
    const slow = world.ensure(grantId);
    await expect.poll(() => world.refreshCalls(), { interval: 10 }).toBe(1);
    world.emulator.clearMisbehaviours();
    const again = await world.connect();
    expect(again.grantId).toBe(grantId);
    await slow;
    const row = await world.readCredential(grantId);
    const key = { appId: row.app_id, credentialId: row.id };
    const tokens = await openTokens(world.deps.keyring, key, row.sealed_tokens);
    expect(tokens.access_token).toBe(again.tokens.access_token);
    const events = await world.listEvents();
    expect(events.some((event) => event.record.includes('superseded'))).toBe(true);
  });

  it('R5: the newest answer counts, also of a holder that was given up', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.advance(3_700_000);
    const { key, lease } = await abandonHolder(grantId, { hasIntent: true });
    world.advance(20_100);
    await expect(world.ensure(grantId)).rejects.toMatchObject({ code: 'credential_revoked' });
    const late = { access_token: 'late', refresh_token: 'late-refresh', raw: '{}' };
    const tokens = {
      sealedTokens: await sealTokens(world.deps.keyring, key, late),
      tokenGeneration: '01980000-0000-7000-8000-000000000001',
      accessExpiresAtMs: world.clock() + 3_600_000,
      refreshExpiresAtMs: null,
      refreshExpiryKind: null,
      renewAtMs: null,
      hasRefreshToken: true,
      nowMs: world.clock(),
    };
    expect(await storeRefreshedTokens(world.deps.storage, key, lease.generation, tokens)).toBe(true);
    await world.ensure(grantId);
    expect(await readDeath(grantId)).toEqual({ status: 'active', death_cause: null });
    // Once stored, the same answer again is stale.
    expect(await storeRefreshedTokens(world.deps.storage, key, lease.generation, tokens)).toBe(false);
    const row = await findCredential(world.deps.storage.db, key);
    expect(row?.generation).toBe(lease.generation + 1);
  });
});
