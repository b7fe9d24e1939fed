import { driveAuthorization, emulatedOverrides, startOidcServer } from '@alter-ai/emulator';
import { afterEach, describe, expect, it } from 'vitest';
import { sealAccount } from '../../src/connect/account/seal-account.js';
import { openTokens } from '../../src/grants/stored-tokens.js';
import { markSent, takeLease, writeIntent } from '../../src/storage/live/credentials.js';
import { type GrantInput, upsertGrantWithCredential } from '../../src/storage/live/grants/grants.js';
import { describeBothDatabases, startTestVault } from '../harness.js';
import { databases, openRefreshWorld, type RefreshWorld } from '../refresh/refresh-world.js';
import { goThroughProvider, openSession, poll } from './connect-driver.js';

let world: RefreshWorld;

/** The same account once more, this time without a refresh token. */
function describeAgain() {
  const { provider, settings, emulator, clock } = world;
  const aim = {
    appId: settings.appId,
    principalType: 'system',
    principalId: 'system',
    providerConfigId: provider.configId,
    issuer: emulator.issuer,
    subject: 'alice',
  } as const;
  const account = {
    ...aim,
    providerId: provider.providerId,
    accountIdentifier: 'alice@example.test',
    accountDisplayName: null,
    accountEmail: null,
    scopes: ['openid'],
    tokens: { access_token: 'from the new consent', raw: '{}' },
    accessExpiresAtMs: clock() + 3_600_000,
    refreshExpiresAtMs: null,
    metadata: {},
    parameters: {},
    chosenLifetimeSeconds: null,
  };
  return { aim, account };
}

function seal() {
  const { aim, account } = describeAgain();
  return sealAccount(world.deps, world.provider, aim, account);
}

function store(credential: GrantInput['credential']) {
  const { aim, account } = describeAgain();
  const terms = { label: null, expiresAtMs: null, policy: null, nowMs: world.clock() };
  return world.deps.storage.transaction((trx) =>
    upsertGrantWithCredential(trx, { ...account, ...aim, ...terms, credential }),
  );
}

/** A refresh that has got as far as its request. */
async function openIntent(grantId: string) {
  const row = await world.readCredential(grantId);
  const key = { appId: row.app_id, credentialId: row.id };
  const lease = await takeLease(world.deps.storage, row, 'another-process', 6_000);
  if (!lease) throw new Error('no lease');
  const intent = { refreshTokenHash: 'hash', isReplay: false, ttlMs: 6_000 };
  await writeIntent(world.deps.storage, key, lease, intent);
  await markSent(world.deps.storage, key, lease);
}

async function readTokens(grantId: string) {
  const row = await world.readCredential(grantId);
  return openTokens(world.deps.keyring, { appId: row.app_id, credentialId: row.id }, row.sealed_tokens);
}

describe.each(databases)('a new consent that brings no refresh token, %s', (kind) => {
  afterEach(() => world.close());

  it('R4: the stored one stays in use, as it was', async () => {
    world = await openRefreshWorld(kind);
    const { grantId, tokens } = await world.connect();
    await store(await seal());
    expect(await readTokens(grantId)).toMatchObject({
      access_token: 'from the new consent',
      refresh_token: tokens.refresh_token,
    });
    world.advance(3_700_000);
    await world.ensure(grantId);
  });

  it('R4: one that a refresh has spent meanwhile is not put back: the tokens are sealed again', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    const sealed = await seal();
    world.advance(3_700_000);
    await world.ensure(grantId);
    await expect(store(sealed)).rejects.toMatchObject({ code: 'grant_stale' });
    await store(await seal());
    world.advance(3_700_000);
    await world.ensure(grantId);
    expect(await world.readCredential(grantId)).toMatchObject({ status: 'active' });
  });

  it('R4: one that a refresh has begun to present meanwhile is not put back', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    const sealed = await seal();
    await openIntent(grantId);
    await expect(store(sealed)).rejects.toMatchObject({ code: 'grant_stale' });
  });

  it('R4: one that may be spent is dropped: it is never presented again', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    await openIntent(grantId);
    await store(await seal());
    expect(await readTokens(grantId)).not.toHaveProperty('refresh_token');
    expect(await world.readCredential(grantId)).toMatchObject({ has_refresh_token: 0, status: 'active' });
  });

  it('R4: at a provider that does not rotate, presenting it spends nothing, so it stays', async () => {
    world = await openRefreshWorld(kind, { mode: 'none' });
    const { grantId, tokens } = await world.connect();
    await openIntent(grantId);
    await store(await seal());
    expect(await readTokens(grantId)).toMatchObject({ refresh_token: tokens.refresh_token });
  });
});

describeBothDatabases('a consent that is asked for again', (kind) => {
  it('R6: the refresh token of a dead credential is no reason to do without a new one', async () => {
    const emulator = await startOidcServer({ shapes: true, clients: [] });
    const overrides = emulatedOverrides('google', emulator.issuer);
    // Without `prompt=consent`, as apps configure it that do not want to ask at each connection.
    const asked = { extra_authorization_params: { access_type: 'offline' } };
    const client = { client_id: 'google-client', client_secret: 'google-secret' };
    const google = { id: 'google', ...client, ...overrides, ...asked };
    const app = { slug: 'demo', name: 'Demo', api_keys: [{ name: 'backend' }], providers: [google] };
    const vault = await startTestVault({ kind, config: { version: 1, apps: [app] } });
    const connect = async () => {
      const session = await openSession(vault, { allowed_providers: ['google'] });
      const { response } = await goThroughProvider(vault, session, { provider: 'google' });
      const next = response.headers.get('location') ?? '';
      const isRepeated = next.startsWith(emulator.url);
      if (isRepeated) {
        const stopAt = `${vault.deps.config.publicUrl}/oauth/callback`;
        await session.browser.callBack(await driveAuthorization(next, { user: 'alice', stopAt }));
      }
      return { isRepeated, outcome: await poll(vault, session.sessionToken) };
    };
    const change = (to: { status: 'needs_reauth'; death_cause: string } | { intent_generation: number }) =>
      vault.deps.storage.db
        .updateTable('credentials')
        .set(to)
        .where('app_id', '=', vault.appIds.demo ?? '')
        .execute();
    try {
      expect(await connect()).toMatchObject({ isRepeated: false, outcome: { status: 'completed' } });
      expect(await connect()).toMatchObject({ isRepeated: false, outcome: { status: 'completed' } });
      // Google does not rotate: a refresh under way takes nothing from it.
      await change({ intent_generation: 2 });
      expect(await connect()).toMatchObject({ isRepeated: false, outcome: { status: 'completed' } });
      await change({ status: 'needs_reauth', death_cause: 'invalid_grant' });
      expect(await connect()).toMatchObject({ isRepeated: true, outcome: { status: 'completed' } });
      const row = await vault.deps.storage.db.selectFrom('credentials').selectAll().executeTakeFirstOrThrow();
      expect(row).toMatchObject({ status: 'active', has_refresh_token: 1 });
    } finally {
      await vault.close();
      await emulator.close();
    }
  });
});
