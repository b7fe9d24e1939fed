import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyConfig, describeBothDatabases } from '../harness.js';
import { type Json, type ProxyWorld, startProxyWorld } from '../proxy/proxy-world.js';

describeBothDatabases('P3: rules on a grant are not escaped by another grant on its credential', (kind) => {
  let world: ProxyWorld;
  beforeAll(async () => {
    const secret = { kind: 'bearer' };
    world = await startProxyWorld(kind, {
      app: (host) => ({
        managed_secrets: [
          { ...secret, slug: 'store', hosts: [host], value: 'store-value' },
          { ...secret, slug: 'free', hosts: [host], value: 'free-value' },
        ],
      }),
    });
  });
  afterAll(() => world?.close());

  const call = async (path: string, body: Json = {}) => {
    const answer = await world.stack.vault.signedFetch('POST', path, body);
    return { status: answer.status, body: (await answer.json()) as Json };
  };
  const use = (grantId: unknown) =>
    call('/sdk/token', { grant_id: grantId, reason: null, request: { method: 'GET', url: world.api } });
  const mint = (grantId: unknown, label: string) => call(`/sdk/grants/${grantId}/mint`, { label });
  const create = (label: string, more: Json = {}, slug = 'store') =>
    call(`/sdk/managed-secrets/${slug}/grants`, {
      principal: { type: 'system', label },
      grant_policy: {},
      ...more,
    });
  const list = async () => (await call('/sdk/grants/list')).body.grants as Json[];
  const findGrant = async (slug: string) =>
    (await list()).find((grant) => grant.managed_secret_slug === slug)?.grant_id;
  const setRule = (grantId: unknown) =>
    applyConfig(world.stack.vault.deps, {
      version: 1,
      apps: [
        {
          slug: 'demo',
          name: 'Demo',
          policies: [
            {
              name: 'from there',
              target: { grant: grantId },
              rule: { kind: 'ip_allowlist', cidrs: ['203.0.113.0/24'] },
            },
          ],
        },
      ],
    });
  const refused = (grantId: unknown) => ({
    status: 403,
    body: { error: 'mint_source_has_grant_rules', grant_id: grantId, retryable: false },
  });

  it('P3: neither mint nor a new grant gets around them, nor does revoking the grant that has them', async () => {
    const ruled = await findGrant('store');
    const before = await mint(ruled, 'before');
    expect(before.status).toBe(200);
    await setRule(ruled);
    expect((await use(ruled)).body.error).toBe('ip_allowlist');
    const count = (await list()).length;
    expect(await mint(ruled, 'sibling')).toMatchObject(refused(ruled));
    expect(await mint(before.body.grant_id, 'nephew')).toMatchObject(refused(ruled));
    expect(await create('another')).toMatchObject(refused(ruled));
    const { credential_id: credentialId } = before.body;
    expect(await create('named', { credential_id: credentialId })).toMatchObject(refused(ruled));
    expect(await list()).toHaveLength(count);
    expect((await call(`/sdk/oauth/grants/${ruled}/revoke`)).status).toBe(200);
    expect(await create('after')).toMatchObject(refused(ruled));
    expect(await mint(before.body.grant_id, 'after')).toMatchObject(refused(ruled));
  });

  it('P3: of a connected account too; credentials whose grants have no rules are not touched', async () => {
    const account = await world.connect();
    expect((await mint(account, 'first')).status).toBe(200);
    await setRule(account);
    expect(await mint(account, 'second')).toMatchObject(refused(account));
    expect((await create('another', {}, 'free')).status).toBe(200);
    expect((await mint(await findGrant('free'), 'one more')).status).toBe(200);
  });
});
