import { afterEach, describe, expect, it } from 'vitest';
import { listGrants } from '../../src/grants/list-grants.js';
import { revokeGrant } from '../../src/grants/revoke-grant.js';
import { findUsableGrant } from '../../src/storage/live/grants/usable-grant.js';
import { databases, openRefreshWorld, type RefreshWorld } from '../refresh/refresh-world.js';

let world: RefreshWorld;
afterEach(() => world.close());

function revoke(grantId: string, more: { userId?: string } = {}) {
  return revokeGrant(world.deps, { appId: world.settings.appId, grantId, revokedBy: 'cli', ...more });
}

describe.each(databases)('revocation, %s', (kind) => {
  it('F7: a revoked grant is refused at once, ended at the provider, on record, and nothing secret stays', async () => {
    world = await openRefreshWorld(kind);
    const { grantId, tokens } = await world.connect();
    expect(await revoke(grantId)).toMatchObject({ grantId, providerRevocation: 'confirmed' });
    const grant = await findUsableGrant(world.deps.storage, world.settings.appId, grantId);
    expect(grant).toMatchObject({ grant_status: 'revoked', credential_status: 'revoked' });
    expect(grant?.sealed_tokens).toHaveLength(0);
    const revoked = world.emulator.log().filter((event) => event.event === 'revoked');
    expect(revoked.map((event) => event.tokenType)).toEqual(['refresh_token']);
    const events = await world.listEvents();
    expect(events.map((event) => event.kind)).toContain('grant.revoked');
    expect(JSON.stringify(events)).not.toContain(tokens.access_token);
    await expect(revoke(grantId)).rejects.toMatchObject({ code: 'grant_not_found' });
  });

  it('revoking succeeds although the provider fails, and says so', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.emulator.misbehave({ kind: 'server_error', endpoint: 'revocation' });
    expect(await revoke(grantId)).toMatchObject({ providerRevocation: 'failed' });
    const other = await world.connect('bob');
    await world.emulator.close();
    expect(await revoke(other.grantId)).toMatchObject({ providerRevocation: 'failed' });
  });

  it("T2: another app's grant and another user's are not found", async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    const foreign = { appId: '01980000-0000-7000-8000-000000000000', grantId, revokedBy: 'cli' };
    await expect(revokeGrant(world.deps, foreign)).rejects.toMatchObject({ code: 'grant_not_found' });
    await expect(revoke(grantId, { userId: 'somebody' })).rejects.toMatchObject({ code: 'grant_not_found' });
    const grant = await findUsableGrant(world.deps.storage, world.settings.appId, grantId);
    expect(grant?.grant_status).toBe('active');
  });

  it('a refresh that is under way while its grant is revoked revives nothing, and its new tokens are ended too', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    const before = await world.readCredential(grantId);
    world.emulator.misbehave({ kind: 'delay', delayMs: 600, when: 'after', times: 1 });
    world.advance(3_700_000);
    const refreshed = world.ensure(grantId);
    await expect.poll(() => world.refreshCalls(), { interval: 10 }).toBe(1);
    await revoke(grantId);
    await expect(refreshed).rejects.toMatchObject({ code: 'credential_revoked' });
    const row = await world.readCredential(grantId);
    expect(row).toMatchObject({ status: 'revoked', access_expires_at: before.access_expires_at });
    expect(row.sealed_tokens).toHaveLength(0);
    const ended = world.emulator.log().filter((event) => event.event === 'revoked');
    expect(ended.map((event) => event.generation)).toEqual([1, 2]);
  });

  it('connecting after a revocation makes a new grant; connecting again before is a reauthorization', async () => {
    world = await openRefreshWorld(kind);
    const first = await world.connect();
    const again = await world.connect();
    expect(again.grantId).toBe(first.grantId);
    await revoke(first.grantId);
    const second = await world.connect();
    expect(second.grantId).not.toBe(first.grantId);
    const request = { limit: 100, offset: 0 };
    const page = await listGrants(world.deps, world.settings, request);
    expect(page.grants.map((grant) => [grant.grant_id, grant.status])).toEqual([[second.grantId, 'active']]);
    const revoked = await listGrants(world.deps, world.settings, { ...request, status: 'revoked' });
    expect(revoked.grants.map((grant) => grant.grant_id)).toEqual([first.grantId]);
  });
});
