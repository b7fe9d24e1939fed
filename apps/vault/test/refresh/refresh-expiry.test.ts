import { afterEach, describe, expect, it } from 'vitest';
import { listGrants } from '../../src/grants/list-grants.js';
import { databases, openRefreshWorld, type RefreshWorld } from './refresh-world.js';

let world: RefreshWorld;
afterEach(() => world.close());

const dayMs = 86_400_000;

async function listForecast(grantId: string) {
  const page = await listGrants(world.deps, world.settings, { limit: 100, offset: 0 });
  const grant = page.grants.find((candidate) => candidate.grant_id === grantId);
  return grant && 'forecast' in grant ? grant.forecast : undefined;
}

/** A refresh whose answer says when the refresh token ends. */
async function refreshWithEnd(grantId: string, days: number) {
  world.emulator.misbehave({ kind: 'refresh_expires_in', refreshExpiresInSeconds: days * 86_400, times: 1 });
  await world.ensure(grantId);
  const row = await world.readCredential(grantId);
  expect(row.refresh_expires_at).toBe(row.access_issued_at + days * dayMs);
  return row;
}

describe.each(databases)("the refresh token's own end, %s", (kind) => {
  it('R9: refresh_token_expires_in is stored, met ahead, and foretold', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    expect(await listForecast(grantId)).toBeNull();
    world.advance(3_700_000);
    const first = await refreshWithEnd(grantId, 8);
    expect(first.renew_at).toBe(first.access_issued_at + 6 * dayMs);
    expect(await listForecast(grantId)).toEqual({
      needs_user_at: new Date(first.refresh_expires_at ?? 0).toISOString(),
      cause: 'refresh_token_expiry',
      confidence: 'medium',
    });

    // The next answer names a later end: refreshing keeps it alive.
    world.advance(2 * dayMs);
    expect((await refreshWithEnd(grantId, 8)).refresh_expiry_kind).toBe('renewed');
    expect(await listForecast(grantId)).toBeNull();

    // From now on it stays where it is.
    world.advance(2 * dayMs);
    expect((await refreshWithEnd(grantId, 6)).refresh_expiry_kind).toBe('fixed');
    expect(await listForecast(grantId)).toMatchObject({ cause: 'refresh_token_expiry', confidence: 'high' });
  });

  it('R9: a dead credential says so, with the cause in the record', async () => {
    world = await openRefreshWorld(kind, { overrides: { refresh_token_idle_seconds: 90 * 86_400 } });
    const { grantId } = await world.connect();
    world.emulator.revokeGrants();
    world.advance(91 * dayMs);
    await expect(world.ensure(grantId)).rejects.toMatchObject({ code: 'credential_revoked' });
    expect(await listForecast(grantId)).toEqual({
      needs_user_at: null,
      cause: 'credential_dead',
      confidence: 'certain',
    });
    const died = (await world.listEvents()).find((event) => event.kind === 'credential.died');
    expect(JSON.parse(died?.record ?? '{}')).toMatchObject({
      details: { likely_reason: 'refresh_token_idle', grant_age_seconds: 91 * 86_400 },
    });
  });
});
