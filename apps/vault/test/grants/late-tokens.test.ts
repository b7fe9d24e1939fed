import { sha256Hex } from '@alter-ai/core-crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { revokeGrant } from '../../src/grants/revoke-grant.js';
import { openTokens, sealTokens } from '../../src/grants/stored-tokens.js';
import {
  markSent,
  storeRefreshedTokens,
  takeLease,
  writeIntent,
} from '../../src/storage/live/credentials.js';
import { databases, openRefreshWorld, type RefreshWorld } from '../refresh/refresh-world.js';

let world: RefreshWorld;
afterEach(() => world.close());

/** A process that has sent its request and is stalled before it reads the answer. */
async function stallHolder(grantId: string) {
  const { deps } = world;
  const row = await world.readCredential(grantId);
  const key = { appId: row.app_id, credentialId: row.id };
  const lease = await takeLease(deps.storage, row, 'stalled-process', 6_000);
  if (!lease) throw new Error('no lease');
  const tokens = await openTokens(deps.keyring, key, row.sealed_tokens);
  const refreshTokenHash = sha256Hex(tokens.refresh_token ?? '');
  await writeIntent(deps.storage, key, lease, { refreshTokenHash, isReplay: false, ttlMs: 6_000 });
  await markSent(deps.storage, key, lease);
  return { key, lease, row, tokens };
}

const revoke = (grantId: string) =>
  revokeGrant(world.deps, { appId: world.settings.appId, grantId, revokedBy: 'cli' });

describe.each(databases)('tokens that come after the revocation, %s', (kind) => {
  it('R5, F7: given up as interrupted, then revoked: the stalled holder that wakes brings nothing back to life', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.advance(3_700_000);
    const { key, lease, tokens } = await stallHolder(grantId);
    world.advance(20_100);
    await expect(world.ensure(grantId)).rejects.toMatchObject({ code: 'credential_revoked' });
    expect(await world.readCredential(grantId)).toMatchObject({ death_cause: 'interrupted_refresh' });
    await revoke(grantId);
    const late = await storeRefreshedTokens(world.deps.storage, key, lease.generation, {
      sealedTokens: await sealTokens(world.deps.keyring, key, { ...tokens, access_token: 'late' }),
      tokenGeneration: 'late',
      accessExpiresAtMs: world.clock() + 3_600_000,
      refreshExpiresAtMs: null,
      refreshExpiryKind: null,
      renewAtMs: null,
      hasRefreshToken: true,
      nowMs: world.clock(),
    });
    expect(late).toBe(false);
    const row = await world.readCredential(grantId);
    expect(row).toMatchObject({ status: 'revoked', death_cause: null, died_at: null });
    expect(row.sealed_tokens).toHaveLength(0);
  });
});
