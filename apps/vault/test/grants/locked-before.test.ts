import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { credentialsThatStay } from '../../src/storage/migrations/011-credentials-that-stay.js';
import { describeBothDatabases } from '../harness.js';
import { type Json, type SecretWorld, startSecretWorld } from '../secrets/secret-world.js';

describeBothDatabases('grants that were marked proxy_only before credentials were', (kind) => {
  let world: SecretWorld;
  beforeAll(async () => {
    world = await startSecretWorld(kind);
  });
  afterAll(() => world?.close());

  it('B7: the credential of a live one is marked, with every grant on it, and no other', async () => {
    const { storage } = world.vault.deps;
    const use = async (provider: string) =>
      (await world.retrieve({ provider_id: provider, label: 'default' })).body.error;
    const setPolicy = (slug: string, label: string, policy: Json) =>
      storage.db
        .updateTable('grants')
        .set({ policy_json: JSON.stringify(policy) })
        .where('provider_id', '=', slug)
        .where('label', '=', label)
        .execute();
    const create = async (slug: string) =>
      world.call(`/sdk/managed-secrets/${await world.secretId(slug)}/grants`, {
        principal: { type: 'system', label: 'other' },
        grant_policy: {},
      });
    await create('bearer');
    await setPolicy('bearer', 'other', { created_by: 'developer', proxy_only: true });
    await setPolicy('datadog', 'default', { tags: ['"proxy_only":true'], proxy_only: false });
    const ended = await create('prefixed');
    await setPolicy('prefixed', 'other', { proxy_only: true });
    await world.call(`/sdk/oauth/grants/${ended.body.grant_id}/revoke`, {});

    await sql`alter table credentials drop column is_proxy_only`.execute(storage.db);
    await storage.transaction((trx) => credentialsThatStay.run(trx, storage.kind));
    expect([await use('bearer'), await use('datadog'), await use('prefixed')]).toEqual([
      'restricted_grant_requires_proxy',
      undefined,
      undefined,
    ]);
  });
});
