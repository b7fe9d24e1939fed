import { afterAll, beforeAll, expect, it } from 'vitest';
import { exportSettings } from '../../src/settings/export-settings.js';
import {
  connectAccount,
  createPageBrowser,
  openSession,
  type PageBrowser,
} from '../connect/connect-driver.js';
import { applyConfig, describeBothDatabases } from '../harness.js';
import { type Json, type ProxyWorld, startProxyWorld } from '../proxy/proxy-world.js';

const locking = { proxy_only: true };
const system = { principal: { type: 'system' } };

describeBothDatabases('B7: proxy_only binds the credential, not the grant it was said of', (kind) => {
  let world: ProxyWorld;
  let host: string;
  const secret = (slug: string, more: Json = {}) => ({
    slug,
    kind: 'bearer',
    hosts: [host],
    ...('credentials' in more ? {} : { value: `${slug}-value` }),
    ...more,
  });
  const apply = (...entries: readonly Json[]) =>
    applyConfig(world.stack.vault.deps, {
      version: 1,
      apps: [{ slug: 'demo', name: 'Demo', managed_secrets: entries }],
    });
  beforeAll(async () => {
    world = await startProxyWorld(kind);
    host = new URL(world.api).host;
    await apply(secret('filed', { grants: [{ ...system, ...locking }] }), secret('late'), secret('entered'));
  });
  afterAll(() => world?.close());

  const call = async (path: string, body: Json = {}) => {
    const answer = await world.stack.vault.signedFetch('POST', path, body);
    return { status: answer.status, body: (await answer.json()) as Json };
  };
  /** What `/sdk/token` says, and that the list says the same. */
  const release = async (grantId: unknown) => {
    const ask = { grant_id: grantId, reason: null, request: { method: 'GET', url: world.api } };
    const { status, body } = await call('/sdk/token', ask);
    const listed = await call('/sdk/grants/list', { limit: 100 });
    const shown = (listed.body.grants as Json[]).find((grant) => grant.grant_id === grantId);
    expect(shown?.proxy_only).toBe(status !== 200);
    return status === 200 ? 'released' : body.error;
  };
  const refused = 'restricted_grant_requires_proxy';
  const mint = async (grantId: unknown, label: string, more: Json = {}) =>
    (await call(`/sdk/grants/${grantId}/mint`, { label, ...more })).body.grant_id;
  const findGrants = async (slug: string) =>
    ((await call('/sdk/grants/list', { provider_id: slug })).body.grants ?? []) as Json[];
  const create = async (slug: string, principal: Json, more: Json = {}) => {
    const [{ managed_secret_id: id } = {}] = await findGrants(slug);
    const path = `/sdk/managed-secrets/${id}/grants`;
    return (await call(path, { principal, grant_policy: {}, ...more })).body.grant_id;
  };
  const useExisting = async (session: { handle: unknown; browser: PageBrowser }, grantId: unknown) => {
    const done = await session.browser.post('use-existing', { handle: session.handle, grant_id: grantId });
    expect(done.body).toMatchObject({ state: 'completed', grants: [{ grant_id: grantId }] });
  };
  const openEntry = async (subject: string, more: Json = {}) => {
    const started = await call('/sdk/managed-secrets/connect/session', {
      provider: 'entered',
      user_token: await world.stack.userToken(subject),
      ...more,
    });
    const browser = createPageBrowser(world.stack.vault);
    const opened = await browser.post('open', { session_token: started.body.session_token });
    return { browser, handle: opened.body.handle };
  };
  const enterKey = async (subject: string, value: string, more: Json = {}) => {
    const { browser, handle } = await openEntry(subject, more);
    const done = await browser.post('enter-key', { handle, fields: { value } });
    return (done.body.grants as Json[])[0]?.grant_id;
  };

  it('B7: another grant on a credential that a grant of the file locks is locked too', async () => {
    const [filed] = await findGrants('filed');
    expect(await release(filed?.grant_id)).toBe(refused);
    expect(await release(await create('filed', { type: 'system', label: 'other' }))).toBe(refused);
    const token = await world.stack.userToken('ann');
    const mine = await create('filed', { type: 'user', user_token: token, label: 'mine' });
    expect(await release(mine)).toBe(refused);
    const call = { method: 'GET', url: world.api, grant_id: mine };
    world.provide((_, response) => response.end('fine'));
    expect((await world.proxy(call)).body.status_code).toBe(200);
  });

  it('B7: a lock that comes later holds for the grants that are there: create, mint, the file', async () => {
    const [first] = await findGrants('late');
    const early = await mint(first?.grant_id, 'early');
    expect(await release(early)).toBe('released');
    await create('late', { type: 'system', label: 'locking' }, { grant_policy: locking });
    expect([await release(first?.grant_id), await release(early)]).toEqual([refused, refused]);

    await apply(secret('by-mint'), secret('by-file'));
    for (const [slug, lock] of [
      ['by-mint', (grantId: unknown) => mint(grantId, 'locking', { grant_policy: locking })],
      ['by-file', () => apply(secret('by-file', { grants: [{ ...system, ...locking }] }))],
    ] as const) {
      const [source] = await findGrants(slug);
      const sibling = await mint(source?.grant_id, 'sibling');
      expect(await release(sibling)).toBe('released');
      await lock(source?.grant_id);
      expect([slug, await release(source?.grant_id), await release(sibling)]).toEqual([
        slug,
        refused,
        refused,
      ]);
    }
  });

  it('B7: connecting again with it locks the siblings, and without it unlocks nothing', async () => {
    const connect = async (more: Json) =>
      connectAccount(world.stack.vault, {
        provider: 'acme',
        session: { user_token: await world.stack.userToken('bea'), ...more },
      });
    const { grant_id: account } = await connect({});
    const sibling = await mint(account, 'sibling');
    await connect({});
    expect([await release(account), await release(sibling)]).toEqual(['released', 'released']);
    expect((await connect({ grant_policy: locking })).grant_id).toBe(account);
    expect([await release(account), await release(sibling)]).toEqual([refused, refused]);
    await connect({});
    expect([await release(account), await release(sibling)]).toEqual([refused, refused]);
  });

  it('B7: a key that is entered again with it locks the siblings, and without it unlocks nothing', async () => {
    const grantId = await enterKey('cleo', 'first-key');
    const sibling = await mint(grantId, 'sibling');
    expect(await release(sibling)).toBe('released');
    // It takes the place of the key of the newest grant, which is that of both.
    expect(await enterKey('cleo', 'second-key', { grant_policy: locking })).toBe(sibling);
    expect([await release(grantId), await release(sibling)]).toEqual([refused, refused]);
    expect(await enterKey('cleo', 'third-key')).toBe(sibling);
    expect([await release(grantId), await release(sibling)]).toEqual([refused, refused]);
    expect(await release(await enterKey('dora', 'new-key', { grant_policy: locking }))).toBe(refused);
  });

  it('B7: a session that asks for it and ends with what is there locks that, on record', async () => {
    const user = { user_token: await world.stack.userToken('elsa') };
    const { grant_id: account } = await connectAccount(world.stack.vault, {
      provider: 'acme',
      session: user,
    });
    const open = (more: Json) =>
      openSession(world.stack.vault, { allowed_providers: ['acme'], ...user, ...more });
    await useExisting(await open({}), account);
    expect(await release(account)).toBe('released');
    await useExisting(await open({ grant_policy: locking }), account);
    expect(await release(account)).toBe(refused);

    const key = await enterKey('elsa', 'own-key');
    expect(await release(key)).toBe('released');
    await useExisting(await openEntry('elsa', { grant_policy: locking }), key);
    expect(await release(key)).toBe(refused);
    const records = (await world.records()).filter(({ kind: of }) => of === 'grant.reauthorized');
    for (const grantId of [account, key]) {
      const own = records.filter((record) => record.grant_id === grantId);
      expect(own).toMatchObject([{ details: { proxy_only: true } }]);
    }
  });

  it('B7: a grant that gets another value keeps the promise, and an export says what holds', async () => {
    const { slug, kind: type, hosts } = secret('rotated');
    const rotated = (credential: string, more: Json = {}) => ({
      slug,
      kind: type,
      hosts,
      credentials: ['one', 'two'].map((label) => ({ label, value: `${label}-value` })),
      grants: [{ ...system, credential, ...more }],
    });
    await apply(rotated('one', locking));
    const [grant] = await findGrants('rotated');
    expect(await release(grant?.grant_id)).toBe(refused);
    await apply(rotated('two'));
    expect((await findGrants('rotated'))[0]).toMatchObject({ credential_label: 'two', proxy_only: true });
    expect(await release(grant?.grant_id)).toBe(refused);
    const text = JSON.stringify(await exportSettings(world.stack.vault.deps));
    expect(text).toMatch(/"credential":"two","proxy_only":true/);
  });
});
