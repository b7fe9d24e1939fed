import { afterEach, beforeEach, expect, it } from 'vitest';
import { runOperation } from '../../src/admin/run-operation.js';
import { applySettings } from '../../src/settings/apply/apply-settings.js';
import { exportSettings } from '../../src/settings/export-settings.js';
import { checkSettings } from '../../src/settings/file/read-file.js';
import { describeBothDatabases } from '../harness.js';
import { type Json, type SecretWorld, secretEntries, startSecretWorld } from './secret-world.js';

const hosts = ['api.example.com'];
const base = { slug: 'main', kind: 'bearer', hosts, value: 'first-value' };

describeBothDatabases('settings of managed secrets', (kind) => {
  let world: SecretWorld;
  beforeEach(async () => {
    world = await startSecretWorld(kind, { secrets: [base] });
  });
  afterEach(() => world.close());

  const apply = async (entries: readonly Json[], options: { isPruning?: boolean; values?: Json } = {}) => {
    const content = {
      version: 1,
      apps: [{ slug: 'demo', name: 'Demo', api_keys: [{ name: 'backend' }], managed_secrets: entries }],
    };
    const { file } = checkSettings(content, 'test', {
      isDevelopment: true,
      readVariable: (name) => options.values?.[name] as string | undefined,
      readFile: () => '',
    });
    return applySettings(world.vault.deps, {
      files: [{ label: 'test', file }],
      isPruning: options.isPruning ?? false,
      appliedBy: 'test',
    });
  };
  const grantOf = async (label = 'default') => {
    const { body } = await world.call('/sdk/grants/list', { provider_id: 'main', label });
    return (body.grants as { grant_id: string; credential_label: string }[])[0];
  };
  const token = async (label?: string) =>
    (await world.retrieve({ provider_id: 'main', ...(label ? { label } : {}) })).body.access_token;

  it('storing a value answers a grant of the app; applying twice changes nothing, another value keeps the grant', async () => {
    const before = await grantOf();
    const again = await apply([base]);
    expect(again.changes.every((change) => change.action === 'unchanged')).toBe(true);
    expect(again.apps[0]?.managed_secrets).toEqual([
      { slug: 'main', id: expect.any(String), grants: [{ grant_id: before?.grant_id, label: 'default' }] },
    ]);
    expect(again.apps[0]?.identity_provider).toEqual({ id: expect.any(String), issuer: world.idp.issuer });
    const replaced = await apply([{ ...base, value: 'second-value' }]);
    expect(replaced.changes.find((change) => change.kind === 'managed_secret')).toMatchObject({
      action: 'change',
      fields: ['credential default'],
    });
    expect((await grantOf())?.grant_id).toBe(before?.grant_id);
    expect(await token()).toBe('second-value');
    expect(JSON.stringify(replaced)).not.toContain('second-value');
  });

  it('rotation without an outage: a second value, the grant pointed at it, the first one taken out', async () => {
    const { grant_id: grantId } = (await grantOf()) ?? {};
    const { value: _value, ...bare } = base;
    const both = [
      { label: 'default', value: 'first-value' },
      { label: 'next', value: 'next-value' },
    ];
    const grants = (credential: string) => [{ principal: { type: 'system' }, label: 'default', credential }];
    await apply([{ ...bare, credentials: both, grants: grants('default') }]);
    expect(await token()).toBe('first-value');
    await apply([{ ...bare, credentials: both, grants: grants('next') }]);
    expect(await token()).toBe('next-value');
    expect((await grantOf())?.grant_id).toBe(grantId);
    const secretId = await world.secretId('main');
    const several = await world.call(`/sdk/managed-secrets/${secretId}/grants`, {
      principal: { type: 'system', label: 'unclear' },
    });
    expect([several.status, several.body.error]).toEqual([409, 'credential_id_required']);
    const { credentials } = several.body.details as { credentials: { id: string; label: string }[] };
    expect(credentials.map(({ label }) => label)).toEqual(['default', 'next']);
    const chosen = await world.call(`/sdk/managed-secrets/${secretId}/grants`, {
      principal: { type: 'system', label: 'chosen' },
      credential_id: credentials[0]?.id,
    });
    expect(chosen.status).toBe(200);
    expect(await token('chosen')).toBe('first-value');
    const used = apply([{ ...bare, credentials: both.slice(1), grants: grants('next') }], {
      isPruning: true,
    });
    await expect(used).rejects.toThrow('leaves out default, which the grant chosen still uses');
    await world.call(`/sdk/oauth/grants/${chosen.body.grant_id}/revoke`, {});
    await apply([{ ...bare, credentials: both.slice(1), grants: grants('next') }], { isPruning: true });
    expect(await token()).toBe('next-value');
  });

  it('pruning takes a secret out with grants and values; a slug that comes back works anew', async () => {
    const { grant_id: grantId } = (await grantOf()) ?? {};
    await apply([{ ...base, slug: 'other' }], { isPruning: true });
    expect((await world.retrieve({ grant_id: grantId })).body.error).toBe('grant_revoked');
    expect((await world.retrieve({ provider_id: 'main' })).body.error).toBe('grant_revoked');
    const rows = await world.vault.deps.storage.db
      .selectFrom('credentials')
      .select('sealed_tokens')
      .where('status', '=', 'revoked')
      .execute();
    expect(rows.map((row) => row.sealed_tokens.length)).toEqual([0]);
    await apply([base]);
    expect(await token()).toBe('first-value');
    expect((await grantOf())?.grant_id).not.toBe(grantId);
  });

  it('an export holds no value, and applied again with its values changes nothing', async () => {
    await apply(secretEntries);
    const { content, variables } = await exportSettings(world.vault.deps);
    const text = JSON.stringify(content);
    for (const value of ['bearer-value', 'pässword', 'aws-secret-value', 'custom-value', 'app-value']) {
      expect(text).not.toContain(value);
    }
    const values: Json = {
      DEMO_MAIN_VALUE: 'first-value',
      DEMO_BEARER_VALUE: 'bearer-value',
      DEMO_DATADOG_VALUE: 'dd-value',
      DEMO_PREFIXED_VALUE: 'pre-value',
      DEMO_BASIC_USERNAME: 'user@x',
      DEMO_BASIC_PASSWORD: 'pässword',
      DEMO_AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      DEMO_AWS_SECRET_ACCESS_KEY: 'aws-secret-value',
      DEMO_AWS_SESSION_TOKEN: 'aws-session-value',
      DEMO_SEVERAL_VALUE: 'custom-value',
      DEMO_SEVERAL_APP_ID: 'app-value',
      DEMO_QUERY_VALUE: 'query-value',
    };
    expect(variables.filter((name) => !name.startsWith('DEMO_API_KEY')).sort()).toEqual(
      Object.keys(values).sort(),
    );
    const demo = (content.apps as readonly Json[]).find((app) => app.slug === 'demo');
    const again = await apply(demo?.managed_secrets as Json[], { values });
    expect(again.changes.filter((change) => change.action !== 'unchanged')).toEqual([]);
  });

  it.each<[string, Json, string]>([
    ['no hosts', { hosts: [] }, 'managed_secrets[0].hosts'],
    ['a host with a path', { hosts: ['api.example.com/v1'] }, 'managed_secrets[0].hosts[0]'],
    ['a wildcard for everybody', { hosts: ['*.com'] }, 'managed_secrets[0].hosts[0]'],
    ['no kind', { kind: undefined }, 'managed_secrets[0].kind'],
    ['an unknown template', { template: 'nothing' }, 'managed_secrets[0].template'],
    ['api_key without header', { kind: 'api_key' }, 'managed_secrets[0].header'],
    ['a header that nobody may inject', { kind: 'api_key', header: 'Cookie' }, 'managed_secrets[0].header'],
    [
      'a format without its value',
      { kind: 'api_key', header: 'X-K', format: 'x' },
      'managed_secrets[0].format',
    ],
    ['a field of another kind', { username: 'u' }, 'managed_secrets[0].username'],
    [
      'a field that is missing',
      { kind: 'basic', value: undefined, password: 'p' },
      'managed_secrets[0].username',
    ],
    ['a value with a line break', { value: 'a\r\nX: y' }, 'managed_secrets[0].value'],
    ['custom without a place', { kind: 'custom' }, 'managed_secrets[0].injections'],
    [
      'a place twice',
      { kind: 'custom', injections: [{ header: 'A' }, { header: 'a' }] },
      'injections[1].header',
    ],
    ['two labels alike', { credentials: [{ label: 'default', value: 'v' }] }, 'credentials[0].label'],
    [
      'an unknown credential',
      { grants: [{ principal: { type: 'system' }, credential: 'x' }] },
      'grants[0].credential',
    ],
    ['a setting that is not there', { colour: 'red' }, 'managed_secrets[0].colour'],
    ['another kind than what is stored', { kind: 'basic', value: undefined }, 'managed_secrets[0].kind'],
  ])('%s is refused with its place and without its value', async (_, change, place) => {
    const failure = await apply([{ ...base, value: 'MARK-value', ...change }]).catch(
      (error: unknown) => error,
    );
    expect(String(failure)).toContain(place);
    expect(String(failure)).not.toContain('MARK-value');
    expect(await token()).toBe('first-value');
  });

  it('templates fill in kind, place and hosts, and the file wins over them', async () => {
    await apply([
      { slug: 'claude', template: 'anthropic', value: 'k' },
      { slug: 'desk', template: 'datadog', hosts, value: 'k', values: { application_key: 'a' } },
    ]);
    const request = { method: 'GET', url: 'https://api.anthropic.com/v1/models' };
    const claude = await world.retrieve({ provider_id: 'claude', request });
    expect(claude.body).toMatchObject({
      injection_header: 'x-api-key',
      required_headers: { 'anthropic-version': '2023-06-01' },
      allowed_hosts: ['api.anthropic.com'],
    });
    expect((await world.retrieve({ provider_id: 'desk' })).body).toMatchObject({
      injection_header: 'DD-API-KEY',
      additional_credentials: { application_key: 'a' },
      allowed_hosts: hosts,
    });
  });

  it('the operations behind `alter secrets` add, store, grant, list and remove', async () => {
    const run = async (name: string, input: Json) =>
      (await runOperation(world.vault.deps, name, input)) as Json & {
        grants: { grant_id: string; label: string }[];
        secrets: { slug: string }[];
      };
    const entry = { slug: 'cli', kind: 'api_key', header: 'X-Key', hosts };
    const added = await run('secrets.add', { app: 'demo', entry });
    expect(added).toMatchObject({ action: 'create', slug: 'cli', grants: [] });
    const empty = await world.call(`/sdk/managed-secrets/${added.managed_secret_id}/grants`, {
      principal: { type: 'system' },
    });
    expect([empty.status, empty.body.error]).toEqual([409, 'secret_not_stored']);
    const of = { app: 'demo', slug: 'cli' };
    const stored = await run('secrets.store', { ...of, fields: { value: 'cli-value' } });
    expect(stored.grants).toEqual([{ grant_id: expect.any(String), label: 'default' }]);
    const grantId = stored.grants[0]?.grant_id;
    await run('secrets.store', { ...of, label: 'next', fields: { value: 'next-value' } });
    await run('secrets.grant', { ...of, label: 'default', credential: 'next' });
    expect((await world.retrieve({ grant_id: grantId })).body.access_token).toBe('next-value');
    const early = run('secrets.remove', { ...of, credential: 'next' });
    await expect(early).rejects.toThrow('Grants still use it: default');
    await run('secrets.remove', { ...of, credential: 'default' });
    const listed = await run('secrets.list', { app: 'demo' });
    expect(JSON.stringify(listed)).not.toContain('next-value');
    expect(listed.secrets.find((secret) => secret.slug === 'cli')).toMatchObject({
      credentials: [{ label: 'next', grants: 1 }],
    });
    const removed = await run('secrets.remove', of);
    expect(removed.revoked_grants).toEqual([grantId]);
    expect((await world.retrieve({ grant_id: grantId })).body.error).toBe('grant_revoked');
  });
});
