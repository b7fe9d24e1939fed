import { keyScopes, listGrantsResponseSchema } from '@alter-ai/core-contract';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readJson } from '../access/token-call.js';
import { connectAccount } from '../connect/connect-driver.js';
import { type ConnectStack, startConnectStack } from '../connect/stack.js';
import { describeBothDatabases } from '../harness.js';

describeBothDatabases('lists', (kind) => {
  let stack: ConnectStack;
  const ids: string[] = [];
  beforeAll(async () => {
    stack = await startConnectStack(kind);
    const session = { user_token: await stack.userToken('carol') };
    for (const options of [
      { provider: 'acme', user: 'alice' },
      { provider: 'acme', user: 'bob', session },
      { provider: 'acme-two', user: 'alice', session },
    ]) {
      ids.push((await connectAccount(stack.vault, options)).grant_id);
    }
  });
  afterAll(() => stack?.close());

  const list = async (body: Record<string, unknown>, app?: string) => {
    const answer = await stack.vault.signedFetch(
      'POST',
      '/sdk/grants/list',
      { limit: 100, offset: 0, ...body },
      app === undefined ? {} : { app },
    );
    expect(answer.status).toBe(200);
    return listGrantsResponseSchema.parse(await answer.json());
  };

  it("an app's key sees all of its grants, a user token that user's, another app none", async () => {
    const all = await list({});
    expect(all).toMatchObject({ total: 3, limit: 100, offset: 0, has_more: false });
    expect(all.grants.map((grant) => grant.grant_id)).toEqual([...ids].reverse());
    const own = await list({ user_token: await stack.userToken('carol') });
    expect(own.grants.map((grant) => grant.grant_id).sort()).toEqual(ids.slice(1).sort());
    expect(own.grants.every((grant) => grant.principal_type === 'user')).toBe(true);
    expect((await list({ user_token: await stack.userToken('nobody') })).total).toBe(0);
    expect((await list({}, 'other')).total).toBe(0);
  });

  it('filters are joined with AND, and pages join up', async () => {
    expect((await list({ provider_id: 'acme-two' })).grants.map((grant) => grant.grant_id)).toEqual([ids[2]]);
    expect((await list({ account: 'bob@example.test' })).grants.map((grant) => grant.grant_id)).toEqual([
      ids[1],
    ]);
    expect((await list({ provider_id: 'acme-two', account: 'bob@example.test' })).total).toBe(0);
    expect((await list({ status: 'active' })).total).toBe(3);
    expect((await list({ status: 'no-such-status' })).total).toBe(0);
    const first = await list({ limit: 2 });
    const second = await list({ limit: 2, offset: 2 });
    expect(first.has_more).toBe(true);
    expect(second.has_more).toBe(false);
    expect([...first.grants, ...second.grants].map((grant) => grant.grant_id)).toEqual([...ids].reverse());
  });

  it("revoking with a user token reaches that user's grants only", async () => {
    const path = `/sdk/oauth/grants/${ids[0]}/revoke`;
    const foreign = await stack.vault.signedFetch('POST', path, {
      user_token: await stack.userToken('carol'),
    });
    expect(foreign.status).toBe(404);
    const other = await stack.vault.signedFetch('POST', path, {}, { app: 'other' });
    expect(other.status).toBe(404);
    expect((await list({ status: 'active' })).total).toBe(3);
  });

  it("the provider catalogue holds the catalogue and the app's own providers by their configured names", async () => {
    const answer = await stack.vault.signedFetch('GET', '/sdk/oauth/provider-catalog');
    const { providers } = (await readJson(answer)) as { providers: Record<string, Record<string, unknown>> };
    expect(providers.acme).toMatchObject({
      id: 'acme',
      display_name: 'Acme',
      supports_refresh: true,
      supports_pkce: true,
      status: 'configured',
      required_scopes: ['openid', 'email', 'offline_access'],
    });
    expect(providers.google).toMatchObject({ id: 'google', status: 'available' });
  });

  it('the key scopes are listed by resource', async () => {
    const answer = await stack.vault.signedFetch('GET', '/sdk/scopes');
    const body = (await readJson(answer)) as { resources: Record<string, { verbs: string[] }> };
    const listed = Object.entries(body.resources).flatMap(([name, { verbs }]) =>
      verbs.map((verb) => `${name}:${verb}`),
    );
    expect(listed.sort()).toEqual([...keyScopes].sort());
  });
});
