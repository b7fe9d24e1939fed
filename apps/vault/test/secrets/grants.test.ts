import { listGrantsResponseSchema } from '@alter-ai/core-contract';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeBothDatabases } from '../harness.js';
import { type Json, type SecretWorld, startSecretWorld } from './secret-world.js';

describeBothDatabases('grants on managed secrets', (kind) => {
  let world: SecretWorld;
  let secretId: string;
  let idpId: string;
  const grant = (principal: Json, more: Json = {}, app?: string) =>
    world.call(
      `/sdk/managed-secrets/${secretId}/grants`,
      { principal, grant_policy: {}, ...more },
      app === undefined ? {} : { app },
    );
  const list = async (body: Json = {}) => {
    const answer = await world.call('/sdk/grants/list', { limit: 100, offset: 0, ...body });
    expect(answer.status).toBe(200);
    return listGrantsResponseSchema.parse(answer.body);
  };

  beforeAll(async () => {
    world = await startSecretWorld(kind);
    secretId = await world.secretId('datadog');
    idpId = (await world.vault.deps.settings.findBySlug('demo'))?.identityProvider?.id ?? '';
  });
  afterAll(() => world?.close());

  it('a system grant has the exact wire shape, is listed, works by id, and is revoked by the common call', async () => {
    const made = await grant({ type: 'system', label: 'reports' });
    expect(made.status).toBe(200);
    expect(made.body).toMatchObject({ principal_type: 'system', label: 'reports' });
    const grantId = made.body.grant_id as string;
    const listed = (await list({ label: 'reports' })).grants;
    expect(listed).toMatchObject([
      {
        grant_kind: 'managed_secret',
        grant_id: grantId,
        managed_secret_id: secretId,
        managed_secret_slug: 'datadog',
        managed_secret_name: 'Datadog',
        status: 'active',
        principal_type: 'system',
        credential_kind: 'developer',
        credential_label: 'default',
        credential_id: made.body.credential_id,
      },
    ]);
    expect((await world.retrieve({ grant_id: grantId })).body).toMatchObject({ access_token: 'dd-value' });

    const revoked = await world.call(`/sdk/oauth/grants/${grantId}/revoke`, {});
    expect(revoked.body).toMatchObject({ success: true, grant_id: grantId });
    const refused = await world.retrieve({ grant_id: grantId });
    expect([refused.status, refused.body.error]).toEqual([403, 'grant_revoked']);
    expect((await world.call(`/sdk/oauth/grants/${grantId}/revoke`, {})).status).toBe(404);
    // The developer's value is there for the other grants, and for the next one under the same label.
    expect((await world.retrieve({ provider_id: 'datadog' })).status).toBe(200);
    expect((await grant({ type: 'system', label: 'reports' })).status).toBe(200);
  });

  it('labels tell grants of one principal apart: the same one again is 409, without a label is one more', async () => {
    const taken = await grant({ type: 'system', label: 'default' });
    expect([taken.status, taken.body.error, taken.body.label]).toEqual([
      409,
      'sibling_label_conflict',
      'default',
    ]);
    const unnamed = await grant({ type: 'system', label: null });
    expect(unnamed.body).toHaveProperty('label', null);
    expect((await grant({ type: 'system' })).body.error).toBe('sibling_label_conflict');
    const ambiguous = await world.retrieve({ provider_id: 'datadog' });
    expect([ambiguous.status, ambiguous.body.error]).toEqual([409, 'ambiguous_grant']);
    expect((await world.retrieve({ provider_id: 'datadog', label: 'default' })).status).toBe(200);
    await world.call(`/sdk/oauth/grants/${unnamed.body.grant_id}/revoke`, {});
  });

  it("a user's grant is that user's: by provider with the token, never with another's", async () => {
    const carol = await world.userToken('carol');
    const dave = await world.userToken('dave');
    const made = await grant({ type: 'user', user_token: carol, label: 'mine' });
    expect(made.body).toMatchObject({ principal_type: 'user', label: 'mine' });
    const found = await world.retrieve({ provider_id: 'datadog', user_token: carol });
    expect(found.body).toMatchObject({ grant_id: made.body.grant_id, access_token: 'dd-value' });
    expect((await world.retrieve({ provider_id: 'datadog', user_token: dave })).status).toBe(404);
    expect((await world.retrieve({ grant_id: made.body.grant_id, user_token: dave })).status).toBe(404);
    expect((await list({ user_token: carol })).grants.map((item) => item.grant_id)).toEqual([
      made.body.grant_id,
    ]);
    const forged = await grant({ type: 'user', user_token: `${carol}x`, label: 'forged' });
    expect([forged.status, forged.body.error]).toEqual([401, 'jwt_validation_error']);
  });

  it("a group's grant works for whoever's token names the group, and for nobody else", async () => {
    const made = await grant({ type: 'group', external_group_id: 'billing', idp_id: idpId, label: 'team' });
    expect(made.body).toMatchObject({ principal_type: 'group', label: 'team' });
    const member = await world.userToken('erin', ['sales', 'billing']);
    const stranger = await world.userToken('frank', ['sales', 'billing2']);
    const found = await world.retrieve({ provider_id: 'datadog', user_token: member });
    expect(found.body).toMatchObject({ grant_id: made.body.grant_id });
    expect((await list({ user_token: member })).grants).toMatchObject([
      { grant_id: made.body.grant_id, principal_type: 'group' },
    ]);
    expect((await world.retrieve({ provider_id: 'datadog', user_token: stranger })).status).toBe(404);
    expect((await world.retrieve({ grant_id: made.body.grant_id, user_token: stranger })).status).toBe(404);
    expect((await list({ user_token: stranger })).total).toBe(0);
    // A grant of one's own comes before the group's.
    const own = await grant({ type: 'user', user_token: member, label: 'own' });
    const preferred = await world.retrieve({ provider_id: 'datadog', user_token: member });
    expect(preferred.body.grant_id).toBe(own.body.grant_id);
    const elsewhere = await grant({ type: 'group', external_group_id: 'x', idp_id: secretId, label: 'l' });
    expect([elsewhere.status, elsewhere.body.field]).toEqual([400, 'principal.idp_id']);
  });

  it('lifetime: to the second, in the list, and refused in words', async () => {
    const bad = await grant(
      { type: 'system', label: 'bad' },
      { grant_policy: { max_ttl_seconds: 5, default_ttl_seconds: 9 } },
    );
    expect([bad.status, bad.body.error]).toEqual([422, 'invalid_grant_policy']);
    const made = await grant(
      { type: 'system', label: 'brief' },
      { grant_policy: { default_ttl_seconds: 1 } },
    );
    const first = await world.retrieve({ grant_id: made.body.grant_id });
    expect(first.body.expires_in).toBeLessThanOrEqual(1);
    const state = async () => (await world.retrieve({ grant_id: made.body.grant_id })).body.error;
    await expect.poll(state, { timeout: 5_000, interval: 100 }).toBe('grant_expired');
    expect((await list({ label: 'brief', status: 'expired' })).grants).toHaveLength(1);
  });

  it('mint: one more grant on the same credential, which never outlives its source', async () => {
    const source = await grant(
      { type: 'system', label: 'source' },
      { grant_policy: { default_ttl_seconds: 600 } },
    );
    const path = `/sdk/grants/${source.body.grant_id}/mint`;
    const minted = await world.call(path, {
      label: 'sibling',
      grant_policy: { max_ttl_seconds: 86_400 },
      grant_tags: ['nightly'],
    });
    expect(minted.status).toBe(200);
    expect(minted.body).toMatchObject({
      provider_id: 'datadog',
      status: 'active',
      principal_type: 'system',
      label: 'sibling',
      credential_id: source.body.credential_id,
    });
    const endsInMs = Date.parse(minted.body.expires_at as string) - Date.now();
    expect(endsInMs).toBeLessThanOrEqual(600_000);
    expect((await world.retrieve({ grant_id: minted.body.grant_id })).body.access_token).toBe('dd-value');
    const again = await world.call(path, { label: 'sibling' });
    expect([again.status, again.body.error, again.body.label]).toEqual([
      409,
      'sibling_label_conflict',
      'sibling',
    ]);
    expect((await world.call(path, { label: 'x', grant_policy: { default_ttl_seconds: 5 } })).status).toBe(
      422,
    );
    const early = await world.call(path, { label: 'x', grant_policy: { requires_approval: true } });
    expect([early.status, early.body.error]).toEqual([422, 'not_supported_yet']);
    // Revoking the source leaves the sibling, revoking the sibling leaves the credential.
    await world.call(`/sdk/oauth/grants/${source.body.grant_id}/revoke`, {});
    expect((await world.retrieve({ grant_id: minted.body.grant_id })).status).toBe(200);
    expect((await world.call(path, { label: 'late' })).body.error).toBe('grant_not_found');
  });

  it('T2: secrets and grants of another app are not found, and agents have to wait', async () => {
    const foreign = await grant({ type: 'system', label: 'x' }, {}, 'other');
    expect([foreign.status, foreign.body.error]).toEqual([404, 'secret_not_found']);
    const own = (await list({ provider_id: 'bearer' })).grants[0]?.grant_id;
    const mint = await world.call(`/sdk/grants/${own}/mint`, { label: 'x' }, { app: 'other' });
    expect([mint.status, mint.body.error]).toEqual([404, 'grant_not_found']);
    expect((await world.retrieve({ grant_id: own }, { app: 'other' })).status).toBe(404);
    const agent = await grant({ type: 'agent', label: null });
    expect([agent.status, agent.body.error]).toEqual([422, 'not_supported_yet']);
    expect((await grant({ type: 'system', label: 'x' }, { credential_id: idpId })).status).toBe(404);
  });
});
