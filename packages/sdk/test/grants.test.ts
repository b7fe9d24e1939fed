import { describe, expect, it } from 'vitest';
import { AlterValueError, App } from '../src/index.js';
import { sendJson } from './servers/recording-server.js';
import { useTestBed } from './servers/test-bed.js';
import { apiKey, grantId } from './servers/vault-server.js';

const bed = useTestBed();

const wireGrant = (id: string, more: object = {}) => ({
  grant_kind: 'oauth',
  grant_id: id,
  provider_id: 'acme',
  status: 'active',
  created_at: '2026-01-01T00:00:00Z',
  principal_type: 'user',
  access_via: 'ownership',
  scopes: ['read'],
  account_identifier: 'a@x.test',
  account_display_name: 'A',
  scope_mismatch: false,
  needs_reconnect: false,
  expires_at: null,
  grant_expires_at: null,
  last_used_at: null,
  label: null,
  ...more,
});
const makeId = (index: number) => `0190a000-0000-7000-8000-${String(index).padStart(12, '0')}`;

/** Serves pages out of a list that may change meanwhile. */
function serve(ids: string[], pageMax: number): void {
  bed.vault.answer('listGrants', ({ body }, response) => {
    const { offset, limit } = JSON.parse(body) as { offset: number; limit: number };
    const page = ids.slice(offset, offset + Math.min(limit, pageMax));
    const hasMore = offset + page.length < ids.length;
    const grants = page.map((id) => wireGrant(id));
    sendJson(response, 200, { grants, total: ids.length, limit, offset, has_more: hasMore });
  });
}

describe('grants', () => {
  it('listGrants gives one page, filtered, for the user of the getter', async () => {
    serve([grantId], 10);
    const app = bed.makeApp({ userTokenGetter: () => 'jwt' });
    const page = await app.listGrants({
      providerId: 'acme',
      status: 'active',
      account: 'a',
      label: 'l',
      limit: 5,
    });
    expect(page).toMatchObject({ total: 1, limit: 5, offset: 0, hasMore: false });
    expect(page.grants[0]).toMatchObject({
      grantId,
      providerId: 'acme',
      accountIdentifier: 'a@x.test',
      accountDisplayName: 'A',
      needsReconnect: false,
      grantPolicy: undefined,
      proxyOnly: false,
    });
    expect(bed.vault.bodies('listGrants')).toEqual([
      {
        limit: 5,
        offset: 0,
        provider_id: 'acme',
        status: 'active',
        account: 'a',
        label: 'l',
        user_token: 'jwt',
      },
    ]);
    await expect(app.listGrants({ limit: 0 })).rejects.toBeInstanceOf(AlterValueError);
  });

  it('a status that a newer vault knows is passed on', async () => {
    const grants = [wireGrant(grantId, { status: 'paused', proxy_only: true, more: 1 })];
    bed.vault.answerJson('listGrants', [200, { grants, total: 1, limit: 100, offset: 0, has_more: false }]);
    const [grant] = (await bed.makeApp().listGrants()).grants;
    expect([grant?.status, grant?.proxyOnly]).toEqual(['paused', true]);
    bed.vault.answerJson('listGrants', [200, { grants: [{ grant_id: 7 }], total: 1 }]);
    await expect(bed.makeApp().listGrants()).rejects.toMatchObject({ code: 'malformed_answer' });
  });

  it('listAllGrants gives every grant of every page once', async () => {
    const ids = Array.from({ length: 7 }, (_, index) => makeId(index));
    serve([...ids], 3);
    const seen: string[] = [];
    for await (const grant of bed.makeApp().listAllGrants({ providerId: 'acme' })) seen.push(grant.grantId);
    expect(seen).toEqual(ids);
    expect(bed.vault.bodies('listGrants').map((each) => each.offset)).toEqual([0, 3, 6]);
  });

  it('listAllGrants misses none while grants are revoked, and repeats none while some are added', async () => {
    const ids = Array.from({ length: 9 }, (_, index) => makeId(index));
    const left = [...ids];
    serve(left, 2);
    const seen: string[] = [];
    for await (const grant of bed.makeApp().listAllGrants()) {
      seen.push(grant.grantId);
      left.splice(left.indexOf(grant.grantId), 1);
    }
    expect(seen.sort()).toEqual(ids);

    const growing = [...ids];
    serve(growing, 2);
    const again: string[] = [];
    for await (const grant of bed.makeApp().listAllGrants()) {
      again.push(grant.grantId);
      if (again.length === 3) growing.unshift(makeId(99));
    }
    expect(again.sort()).toEqual(ids);
  });

  it('revokeGrant says what happened at the provider', async () => {
    const answer = {
      success: true,
      message: 'revoked',
      grant_id: grantId,
      revoked_at: '2026-01-01T00:00:00Z',
    };
    bed.vault.answerJson('revokeGrant', [200, { ...answer, provider_revocation: 'confirmed' }]);
    const app = bed.makeApp({ userTokenGetter: () => 'jwt' });
    expect(await app.revokeGrant(grantId.toUpperCase(), { reason: 'left' })).toEqual({
      success: true,
      message: 'revoked',
      grantId,
      revokedAt: '2026-01-01T00:00:00Z',
      providerRevocation: 'confirmed',
    });
    expect(bed.vault.at('revokeGrant')[0]?.target).toBe(`/sdk/oauth/grants/${grantId}/revoke`);
    expect(bed.vault.bodies('revokeGrant')).toEqual([{ reason: 'left', user_token: 'jwt' }]);
    await expect(app.revokeGrant('../other')).rejects.toBeInstanceOf(AlterValueError);
    bed.vault.answerJson('revokeGrant', [404, { error: 'grant_not_found', message: 'm' }]);
    await expect(app.revokeGrant(grantId)).rejects.toMatchObject({ code: 'grant_not_found', grantId });
  });
});

describe('lookups', () => {
  it('verifyUserToken gives the subject, or null without ever throwing', async () => {
    const app = bed.makeApp();
    bed.vault.answerJson('verifyUserToken', [200, { sub: 'user-1' }]);
    expect(await app.verifyUserToken('jwt')).toBe('user-1');
    for (const [status, body] of [
      [401, { error: 'jwt_validation_error', message: 'm' }],
      [500, {}],
      [200, { sub: ' ' }],
      [200, []],
    ] as const) {
      bed.vault.answerJson('verifyUserToken', [status, body]);
      expect(await app.verifyUserToken('jwt')).toBeNull();
    }
    const before = bed.vault.arrived.length;
    expect(await app.verifyUserToken('')).toBeNull();
    expect(bed.vault.arrived).toHaveLength(before);
    expect(await new App({ apiKey, baseUrl: 'http://127.0.0.1:9' }).verifyUserToken('jwt')).toBeNull();
  });

  it('listProviders and listScopes', async () => {
    const scope = { description: 'Read', required: true, is_default: true, requires: ['base'] };
    const acme = {
      id: 'acme',
      name: 'acme',
      display_name: 'Acme',
      supports_refresh: true,
      supports_pkce: true,
      available_scopes: { 'read_all.things': scope },
      default_scopes: [],
      required_scopes: [],
      status: 'active',
    };
    bed.vault.answerJson('listProviders', [200, { providers: { acme } }]);
    const [provider] = await bed.makeApp().listProviders();
    expect(provider).toMatchObject({
      id: 'acme',
      displayName: 'Acme',
      availableScopes: {
        'read_all.things': { description: 'Read', isRequired: true, isDefault: true, requires: ['base'] },
      },
    });
    expect(bed.vault.at('listProviders')[0]?.headers['content-type']).toBeUndefined();
    const scopes = {
      scope_version: 1,
      resources: { grants: { verbs: ['read'] } },
      action_verbs: [],
      deprecated: [],
    };
    bed.vault.answerJson('listScopes', [200, scopes]);
    expect(await bed.makeApp().listScopes()).toEqual({
      scopeVersion: 1,
      resources: { grants: { verbs: ['read'] } },
      actionVerbs: [],
      deprecated: [],
    });
  });
});
