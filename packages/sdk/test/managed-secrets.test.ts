import { describe, expect, it } from 'vitest';
import {
  AlterValueError,
  ConnectConfigError,
  CredentialIdRequiredError,
  EndUserCredentialNotAssignableError,
  SiblingLabelConflictError,
} from '../src/index.js';
import { useTestBed } from './servers/test-bed.js';
import { grantId, secretToken, tokenAnswer } from './servers/vault-server.js';

const bed = useTestBed();
const secretId = '0190a000-0000-7000-8000-0000000000cc';
const created = {
  grant_id: grantId,
  principal_type: 'system',
  label: null,
  created_at: '2026-01-01T00:00:00Z',
};

describe('managed secrets', () => {
  it.each([
    ['Basic {token}', 'authorization', `Basic ${secretToken}`],
    ['Token token={token}', 'authorization', `Token token=${secretToken}`],
  ])('S11: %s arrives once, in its place', async (format, name, expected) => {
    const app = bed.makeApp();
    bed.vault.answerJson('retrieveToken', [
      200,
      tokenAnswer([bed.provider.host], { injection_format: format }),
    ]);
    await app.request('GET', `${bed.provider.url}/x`, { grantId, extraHeaders: { Authorization: 'mine' } });
    const [sent] = bed.provider.arrived;
    expect(sent?.headers[name]).toBe(expected);
    expect(sent?.rawHeaders.join('\n').split(secretToken)).toHaveLength(2);
  });

  it('S11: a credential that belongs in the query alone stands in no header', async () => {
    const app = bed.makeApp();
    bed.vault.answerJson('retrieveToken', [
      200,
      tokenAnswer([bed.provider.host], {
        injection_header: 'X-Api-Key',
        injection_format: '{token}',
        is_header_needed: false,
        additional_injections: [{ target: 'query_param', key: 'api_key', value_source: 'token' }],
      }),
    ]);
    const url = `${bed.provider.url}/x?own=1&api_key=mine`;
    const answer = await app.request('GET', url, { grantId, extraHeaders: { 'x-api-key': 'callers' } });
    const [sent] = bed.provider.arrived;
    expect(sent?.target).toBe(`/x?own=1&api_key=${encodeURIComponent(secretToken)}`);
    expect(sent?.headers['x-api-key']).toBe('callers');
    expect(answer.url).not.toContain(encodeURIComponent(secretToken));
  });

  it('grants, siblings and key sessions have the bodies of the wire', async () => {
    const app = bed.makeApp();
    bed.vault.answerJson('createSecretGrant', [200, created]);
    bed.vault.answerJson('mintGrant', [
      200,
      {
        ...created,
        provider_id: 'datadog',
        status: 'active',
        scopes: [],
        account_identifier: null,
        account_display_name: null,
        scope_mismatch: false,
        expires_at: null,
        last_used_at: null,
        label: 'nightly',
      },
    ]);
    bed.vault.answerJson('createSecretSession', [
      200,
      {
        session_token: 'ms_sess_x',
        connect_url: 'https://vault.test/c',
        expires_in: 600,
        expires_at: '2026-01-01T00:00:00Z',
        path: 'key_entry',
        secret_slug: 'datadog',
        existing_grant_id: null,
        template_slug: null,
        agent_id: null,
        delegable_requested: false,
        direct: false,
      },
    ]);
    await app.createManagedSecretGrant(secretId, { principal: { type: 'system' } });
    await app.createManagedSecretGrant(secretId, {
      principal: { type: 'user', userToken: 'jwt', label: 'L' },
      grantPolicy: { maxTtlSeconds: 60 },
      credentialId: grantId,
    });
    expect(bed.vault.bodies('createSecretGrant')).toEqual([
      { principal: { type: 'system', label: null }, grant_policy: {} },
      {
        principal: { type: 'user', user_token: 'jwt', label: 'L' },
        grant_policy: { max_ttl_seconds: 60 },
        credential_id: grantId,
      },
    ]);
    expect(bed.vault.at('createSecretGrant')[0]?.target).toBe(`/sdk/managed-secrets/${secretId}/grants`);
    const minted = await app.mintGrant(grantId, { label: 'nightly', grantTags: ['job'] });
    expect(minted).toMatchObject({ grantId, providerId: 'datadog', label: 'nightly' });
    expect(bed.vault.bodies('mintGrant')).toEqual([{ label: 'nightly', grant_tags: ['job'] }]);
    const session = await app.createManagedSecretConnectSession({
      provider: 'datadog',
      userToken: 'jwt',
      direct: true,
    });
    expect(session).toMatchObject({ sessionToken: 'ms_sess_x', path: 'key_entry', existingGrantId: null });
    expect(bed.vault.bodies('createSecretSession')).toEqual([
      { provider: 'datadog', user_token: 'jwt', direct: true },
    ]);
  });

  it('each refusal has its class, with its fields', async () => {
    const app = bed.makeApp();
    const fail = async (status: number, body: object) => {
      bed.vault.answerJson('createSecretGrant', [status, { message: 'no', ...body }]);
      const call = app.createManagedSecretGrant(secretId, { principal: { type: 'system' } });
      return call.catch((thrown: unknown) => thrown);
    };
    const conflict = await fail(409, { error: 'sibling_label_conflict', label: 'L' });
    expect(conflict).toBeInstanceOf(SiblingLabelConflictError);
    expect(conflict).toHaveProperty('label', 'L');
    const credentials = [{ id: grantId, label: 'next' }];
    const several = await fail(409, { error: 'credential_id_required', details: { credentials } });
    expect(several).toBeInstanceOf(CredentialIdRequiredError);
    expect(several).toHaveProperty('credentials', credentials);
    expect(await fail(409, { error: 'end_user_credential_not_assignable' })).toBeInstanceOf(
      EndUserCredentialNotAssignableError,
    );
    expect(await fail(404, { error: 'secret_not_found' })).toBeInstanceOf(ConnectConfigError);
    expect(await fail(422, { error: 'secret_template_mismatch' })).toBeInstanceOf(ConnectConfigError);
    const wrong = app.createManagedSecretGrant(secretId, { principal: { type: 'robot' } as never });
    await expect(wrong).rejects.toBeInstanceOf(AlterValueError);
  });
});
