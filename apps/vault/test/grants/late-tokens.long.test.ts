import { sha256Hex } from '@alter-ai/core-crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { revokeGrant } from '../../src/grants/revoke-grant.js';
import { openTokens, sealTokens } from '../../src/grants/stored-tokens.js';
import { listRefreshJobs } from '../../src/jobs/refresh-jobs.js';
import { askProvider } from '../../src/refresh/provider/ask-provider.js';
import { choosePart } from '../../src/refresh/provider/choose-part.js';
import { settleTokens } from '../../src/refresh/settle-refresh.js';
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

/** The same once its provider has answered; `wake` is what it does with the answer. */
async function stallWithAnswer(grantId: string) {
  const { deps, provider, settings } = world;
  const { key, lease, row, tokens } = await stallHolder(grantId);
  const target = { ...key, grantId, parameters: {}, provider, settings };
  const part = choosePart(row, tokens);
  const presented = { refreshToken: part.refreshToken, scopes: [], beforeFirstByte: async () => {} };
  const answer = await askProvider(deps, target, presented);
  if (answer.kind !== 'tokens') throw new Error(`no tokens: ${answer.kind}`);
  const attempt = { target, row: { ...row, read_at: world.clock() }, lease, tokens };
  return { wake: () => settleTokens(deps, attempt, { ...answer, part }) };
}

const revoke = (grantId: string, deps = world.deps) =>
  revokeGrant(deps, { appId: world.settings.appId, grantId, revokedBy: 'cli' });

/** Generations of the token sets that the provider was told to end. */
const listEnded = () =>
  world.emulator
    .log()
    .filter((event) => event.event === 'revoked')
    .map((event) => event.generation);

async function runJob() {
  const job = listRefreshJobs(world.deps).find(({ name }) => name === 'grants.finish_revocations');
  await job?.run(new AbortController().signal);
}

const readGrant = (grantId: string) =>
  world.deps.storage.db.selectFrom('grants').selectAll().where('id', '=', grantId).executeTakeFirstOrThrow();

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

  it('F7: they are ended at the provider, and nothing secret stays', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    const { wake } = await stallWithAnswer(grantId);
    await revoke(grantId);
    expect(await wake()).toBeUndefined();
    expect(listEnded()).toEqual([1, 2]);
    expect((await world.readCredential(grantId)).sealed_tokens).toHaveLength(0);
    expect(await readGrant(grantId)).toMatchObject({
      revocation_result: 'confirmed',
      revocation_due_at: null,
    });
  });

  it('a provider that fails is asked again for them', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    const { wake } = await stallWithAnswer(grantId);
    await revoke(grantId);
    world.emulator.misbehave({ kind: 'server_error', endpoint: 'revocation', times: 1 });
    await wake();
    expect(listEnded()).toEqual([1]);
    expect((await world.readCredential(grantId)).sealed_tokens).not.toHaveLength(0);
    expect(await readGrant(grantId)).toMatchObject({ revocation_result: 'failed' });
    world.advance(3_600_000);
    await runJob();
    expect(listEnded()).toEqual([1, 2]);
    expect((await world.readCredential(grantId)).sealed_tokens).toHaveLength(0);
    expect((await world.listEvents()).filter((event) => event.kind === 'grant.revoked')).toHaveLength(1);
  });

  it('they come while the provider is being told: both sets are ended', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    const { wake } = await stallWithAnswer(grantId);
    const { egress } = world.deps;
    let hasWoken = false;
    const fetch: typeof egress.fetch = async (...call) => {
      const answer = await egress.fetch(...call);
      if (!hasWoken) {
        hasWoken = true;
        await wake();
      }
      return answer;
    };
    const interrupted = { ...world.deps, egress: { ...egress, fetch } };
    expect(await revoke(grantId, interrupted)).toMatchObject({ providerRevocation: 'confirmed' });
    expect(listEnded()).toEqual([1, 2]);
    expect((await world.readCredential(grantId)).sealed_tokens).toHaveLength(0);
    expect(await readGrant(grantId)).toMatchObject({ revocation_due_at: null });
  });

  it('kept_for_other_grants: ending them would end the grant of another user, so they are only forgotten', async () => {
    world = await openRefreshWorld(kind, { overrides: { revoke_scope: 'all' } });
    const own = await world.connect();
    const ofUser = await world.connect('alice', 'user-1');
    const { wake } = await stallWithAnswer(own.grantId);
    await revoke(own.grantId);
    await wake();
    expect(listEnded()).toEqual([]);
    expect((await world.readCredential(own.grantId)).sealed_tokens).toHaveLength(0);
    world.advance(3_700_000);
    await world.ensure(ofUser.grantId);
  });

  it('a connection made after the revocation is not ended by them', async () => {
    world = await openRefreshWorld(kind, { overrides: { revoke_scope: 'all' } });
    const first = await world.connect();
    const { wake } = await stallWithAnswer(first.grantId);
    expect(await revoke(first.grantId)).toMatchObject({ providerRevocation: 'confirmed' });
    const second = await world.connect();
    const before = listEnded().length;
    await wake();
    expect(listEnded()).toHaveLength(before);
    world.advance(3_700_000);
    await world.ensure(second.grantId);
  });
});
