import { listGrantsResponseSchema } from '@alter-ai/core-contract';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeBothDatabases } from '../harness.js';
import { type ProxyWorld, startProxyWorld } from '../proxy/proxy-world.js';

describeBothDatabases('proxy_only in lists', (kind) => {
  let world: ProxyWorld;
  beforeAll(async () => {
    const open = { principal: { type: 'system' }, label: 'open', credential: 'open' };
    const locked = { ...open, label: 'locked', credential: 'locked', proxy_only: true };
    world = await startProxyWorld(kind, {
      provider: { proxy_only: true },
      app: (host) => ({
        managed_secrets: [
          { slug: 'whole', kind: 'bearer', hosts: [host], value: 'whole-value', proxy_only: true },
          {
            slug: 'half',
            kind: 'bearer',
            hosts: [host],
            credentials: [
              { label: 'open', value: 'open-value' },
              { label: 'locked', value: 'locked-value' },
            ],
            grants: [open, locked],
          },
        ],
      }),
    });
  });
  afterAll(() => world?.close());

  const list = async () => {
    const answer = await world.stack.vault.signedFetch('POST', '/sdk/grants/list', {});
    const { grants } = listGrantsResponseSchema.parse(await answer.json());
    return new Map(
      grants.map((grant) => {
        const name = grant.grant_kind === 'oauth' ? grant.provider_id : grant.managed_secret_slug;
        return [`${name} ${grant.label ?? ''}`, grant] as const;
      }),
    );
  };

  it('B7: says what /sdk/token does, whether provider, secret or grant is marked', async () => {
    await world.connect();
    const grants = await list();
    const shown = Object.fromEntries([...grants].map(([name, grant]) => [name, grant.proxy_only]));
    expect(shown).toEqual({ 'acme ': true, 'whole default': true, 'half open': false, 'half locked': true });
    for (const { grant_id, proxy_only } of grants.values()) {
      const ask = { grant_id, reason: null, request: { method: 'GET', url: world.api } };
      const answer = await world.stack.vault.signedFetch('POST', '/sdk/token', ask);
      expect(answer.status === 400).toBe(proxy_only);
    }
  });

  it('B7: a sibling of a marked grant is marked', async () => {
    const source = (await list()).get('half locked')?.grant_id;
    await world.stack.vault.signedFetch('POST', `/sdk/grants/${source}/mint`, { label: 'sibling' });
    expect((await list()).get('half sibling')?.proxy_only).toBe(true);
  });
});
