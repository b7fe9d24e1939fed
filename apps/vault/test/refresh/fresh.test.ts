import { afterEach, describe, expect, it } from 'vitest';
import { openTokens } from '../../src/grants/stored-tokens.js';
import { databases, openRefreshWorld, type RefreshWorld } from './refresh-world.js';

let world: RefreshWorld;
afterEach(() => world.close());

async function readTokens(grantId: string) {
  const row = await world.readCredential(grantId);
  const key = { appId: row.app_id, credentialId: row.id };
  return openTokens(world.deps.keyring, key, row.sealed_tokens);
}

describe.each(databases)('refresh on use, %s', (kind) => {
  it('R1: a token is refreshed within the buffer of 300 s, and not before', async () => {
    world = await openRefreshWorld(kind);
    const { grantId, tokens } = await world.connect();
    world.advance(3_200_000);
    await world.ensure(grantId);
    expect(world.refreshCalls()).toBe(0);
    world.advance(110_000);
    await world.ensure(grantId);
    expect(world.refreshCalls()).toBe(1);
    const now = await readTokens(grantId);
    expect(now.access_token).not.toBe(tokens.access_token);
    expect(now.refresh_token).not.toBe(tokens.refresh_token);
  });

  it('R1: the buffer is never more than half of the lifetime', async () => {
    world = await openRefreshWorld(kind, { accessTokenTtlSeconds: 100 });
    const { grantId } = await world.connect();
    world.advance(45_000);
    await world.ensure(grantId);
    expect(world.refreshCalls()).toBe(0);
    world.advance(8_000);
    await world.ensure(grantId);
    expect(world.refreshCalls()).toBe(1);
  });

  it('R2: 200 callers in one process make one provider call', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.emulator.updateSettings({ tokenDelayMs: 300 });
    world.advance(3_700_000);
    await Promise.all(Array.from({ length: 200 }, () => world.ensure(grantId)));
    expect(world.refreshCalls()).toBe(1);
    const row = await world.readCredential(grantId);
    expect(row.lease_holder).toBeNull();
    expect(row.intent_generation).toBeNull();
    expect(row.generation).toBe(2);
  });

  it('R3: the intent is committed before the provider is called, outside any transaction', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.emulator.updateSettings({ tokenDelayMs: 700 });
    world.advance(3_700_000);
    const refreshed = world.ensure(grantId);
    await expect.poll(() => world.refreshCalls(), { interval: 10 }).toBe(1);
    const row = await world.readCredential(grantId);
    expect(row).toMatchObject({ intent_generation: 1, generation: 1, intent_is_replay: 0 });
    expect(row.intent_hash).toMatch(/^[0-9a-f]{64}$/);
    expect(row.lease_holder).toBe(world.deps.processId);
    // A transaction of somebody else goes through at once.
    await world.deps.storage.transaction((trx) => trx.selectFrom('grants').select('id').execute());
    await refreshed;
  });

  it('R9: an answer without a refresh token keeps the old one', async () => {
    world = await openRefreshWorld(kind, { mode: 'none' });
    const { grantId, tokens } = await world.connect();
    world.emulator.misbehave({ kind: 'no_refresh_token' });
    world.advance(3_700_000);
    await world.ensure(grantId);
    const now = await readTokens(grantId);
    expect(now.access_token).not.toBe(tokens.access_token);
    expect(now.refresh_token).toBe(tokens.refresh_token);
  });

  it("R9: an answer without expires_in uses the definition's default", async () => {
    world = await openRefreshWorld(kind, { defaultTtlSeconds: 900 });
    const { grantId } = await world.connect();
    world.emulator.misbehave({ kind: 'no_expires_in' });
    world.advance(3_700_000);
    await world.ensure(grantId);
    const row = await world.readCredential(grantId);
    expect(row.access_expires_at).toBe(row.access_issued_at + 900_000);
  });

  it('R10: a caller does not wait longer than its limit, and the refresh goes on without it', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.emulator.updateSettings({ tokenDelayMs: 900 });
    world.advance(3_700_000);
    await expect(world.ensure(grantId, world.deps, 200)).rejects.toMatchObject({
      code: 'token_refresh_in_progress',
      status: 409,
      headers: { 'Retry-After': expect.stringMatching(/^\d+$/) },
    });
    await expect
      .poll(async () => (await world.readCredential(grantId)).generation, { timeout: 5_000 })
      .toBe(2);
    await world.ensure(grantId);
    expect(world.refreshCalls()).toBe(1);
  });

  it('A4: a refresh is on record', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.advance(3_700_000);
    await world.ensure(grantId);
    const events = await world.listEvents();
    expect(events.map((event) => event.kind)).toContain('credential.refreshed');
    expect(JSON.stringify(events)).not.toContain((await readTokens(grantId)).access_token);
  });
});
