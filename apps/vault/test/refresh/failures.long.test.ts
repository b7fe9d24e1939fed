import { afterEach, describe, expect, it } from 'vitest';
import { databases, openRefreshWorld, type RefreshWorld } from './refresh-world.js';

let world: RefreshWorld;
afterEach(() => world.close());

describe.each(databases)('refusals of the provider, %s', (kind) => {
  it('R6: a strict provider is asked once, and its invalid_grant is final', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.emulator.revokeGrants();
    world.advance(3_700_000);
    await expect(world.ensure(grantId)).rejects.toMatchObject({
      code: 'credential_revoked',
      fields: { grant_id: grantId, provider_id: 'acme', cause: 'invalid_grant' },
    });
    await expect(world.ensure(grantId)).rejects.toMatchObject({ code: 'credential_revoked' });
    expect(world.refreshCalls()).toBe(1);
    const row = await world.readCredential(grantId);
    expect(row).toMatchObject({ status: 'needs_reauth', death_cause: 'invalid_grant' });
    expect(JSON.parse(row.death_evidence_json ?? '{}')).toMatchObject({ error: 'invalid_grant' });
    expect((await world.listEvents()).map((event) => event.kind)).toContain('credential.died');
  });

  it('R6: another provider is asked again after 10 s; callers in between get 409 with Retry-After', async () => {
    world = await openRefreshWorld(kind, { mode: 'window' });
    const { grantId } = await world.connect();
    world.emulator.revokeGrants();
    world.advance(3_700_000);
    await expect(world.ensure(grantId)).rejects.toMatchObject({
      code: 'token_refresh_in_progress',
      headers: { 'Retry-After': '10' },
    });
    world.advance(4_000);
    await expect(world.ensure(grantId)).rejects.toMatchObject({ code: 'token_refresh_in_progress' });
    expect(world.refreshCalls()).toBe(1);
    world.advance(6_500);
    await expect(world.ensure(grantId)).rejects.toMatchObject({ code: 'credential_revoked' });
    await expect(world.ensure(grantId)).rejects.toMatchObject({ code: 'credential_revoked' });
    expect(world.refreshCalls()).toBe(2);
  });

  it('R6: a passing invalid_grant of another provider kills nothing', async () => {
    world = await openRefreshWorld(kind, { mode: 'none' });
    const { grantId } = await world.connect();
    world.emulator.misbehave({ kind: 'error', error: 'invalid_grant', times: 1 });
    world.advance(3_700_000);
    await expect(world.ensure(grantId)).rejects.toMatchObject({ code: 'token_refresh_in_progress' });
    world.advance(10_500);
    await world.ensure(grantId);
    expect(await world.readCredential(grantId)).toMatchObject({ status: 'active', invalid_grant_at: null });
  });

  it('R7: invalid_client touches no grant, names the configuration, and closes by itself after the repair', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    const other = await world.connect('bob');
    world.emulator.rotateClientSecret('oidc', 'app', 'secret-2');
    world.advance(3_700_000);
    const expected = {
      code: 'provider_configuration_unavailable',
      status: 503,
      message: expect.stringContaining(world.provider.configId),
      fields: {
        provider_id: 'acme',
        provider_config_id: world.provider.configId,
        provider_error: 'invalid_client',
      },
      headers: { 'Retry-After': expect.stringMatching(/^\d+$/) },
    };
    await expect(world.ensure(grantId)).rejects.toMatchObject(expected);
    await expect(world.ensure(other.grantId)).rejects.toMatchObject(expected);
    expect(world.refreshCalls()).toBe(1);
    expect(await world.readCredential(grantId)).toMatchObject({
      status: 'active',
      failures: 0,
      retry_at: null,
    });
    world.emulator.rotateClientSecret('oidc', 'app', 'secret-1');
    world.advance(60_000);
    await world.ensure(grantId);
    await world.ensure(other.grantId);
    const kinds = (await world.listEvents()).map((event) => event.kind);
    expect(kinds.filter((name) => name.startsWith('provider.'))).toEqual([
      'provider.breaker_opened',
      'provider.breaker_closed',
    ]);
  });

  it('R7: while it is broken, the breaker stays open for at most 60 s and lets one try through', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.emulator.rotateClientSecret('oidc', 'app', 'secret-2');
    world.advance(3_700_000);
    for (let attempt = 0; attempt < 6; attempt += 1) {
      await expect(world.ensure(grantId)).rejects.toMatchObject({
        code: 'provider_configuration_unavailable',
      });
      world.advance(60_500);
    }
    expect(world.refreshCalls()).toBe(6);
    world.emulator.rotateClientSecret('oidc', 'app', 'secret-1');
    await world.ensure(grantId);
  });

  it('R7: the second of two live client secrets is tried before the breaker opens', async () => {
    world = await openRefreshWorld(kind, { secrets: ['secret-new', 'secret-1'] });
    const { grantId } = await world.connect();
    world.advance(3_700_000);
    await world.ensure(grantId);
    expect((await world.listEvents()).map((event) => event.kind)).not.toContain('provider.breaker_opened');
  });

  it.each([
    ['server_error', {}],
    ['html', {}],
    ['rate_limit', { retryAfterSeconds: 3 }],
    ['error_in_200', { error: 'temporarily_unavailable' }],
    ['broken_json', {}],
  ] as const)(
    'R8: %s is a known failure: 503 retryable, and well within 45 s after the provider is',
    async (name, more) => {
      world = await openRefreshWorld(kind, { mode: name === 'broken_json' ? 'none' : 'strict' });
      const { grantId } = await world.connect();
      world.emulator.misbehave({ kind: name, ...more });
      world.advance(3_700_000);
      for (let attempt = 0; attempt < 4; attempt += 1) {
        await expect(world.ensure(grantId)).rejects.toMatchObject({
          code: 'provider_unavailable',
          status: 503,
          headers: { 'Retry-After': expect.stringMatching(/^\d+$/) },
        });
        world.advance(21_000);
      }
      world.emulator.clearMisbehaviours();
      world.advance(24_000);
      await world.ensure(grantId);
      expect(await world.readCredential(grantId)).toMatchObject({
        status: 'active',
        failures: 0,
        retry_at: null,
      });
    },
  );

  it('R8: between attempts the provider is left alone', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.emulator.misbehave({ kind: 'rate_limit', retryAfterSeconds: 30 });
    world.advance(3_700_000);
    await expect(world.ensure(grantId)).rejects.toMatchObject({ headers: { 'Retry-After': '30' } });
    world.advance(20_000);
    await expect(world.ensure(grantId)).rejects.toMatchObject({ code: 'provider_unavailable' });
    expect(world.refreshCalls()).toBe(1);
  });

  it('R8: the stored access token is used while it is still valid', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.emulator.misbehave({ kind: 'server_error' });
    world.advance(3_400_000);
    await world.ensure(grantId);
    await world.ensure(grantId);
    expect(world.refreshCalls()).toBe(1);
  });

  it('R8: a provider that is not there is a known failure, since nothing was written', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    await world.emulator.close();
    world.advance(3_700_000);
    await expect(world.ensure(grantId)).rejects.toMatchObject({ code: 'provider_unavailable' });
    const row = await world.readCredential(grantId);
    expect(row).toMatchObject({ status: 'active', intent_generation: null, lease_holder: null, failures: 1 });
  });

  it('a token that was refused is refreshed at once; without a refresh token it is dead', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    const table = () => world.deps.storage.db.updateTable('credentials');
    await table().set({ is_refresh_forced: 1 }).execute();
    await world.ensure(grantId);
    expect(world.refreshCalls()).toBe(1);
    await table().set({ is_refresh_forced: 1, has_refresh_token: 0 }).execute();
    await expect(world.ensure(grantId)).rejects.toMatchObject({
      code: 'credential_revoked',
      fields: { cause: 'access_token_refused' },
    });
  });
});
