import { mintApiKey } from '@alter-ai/core-crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applySettings } from '../../src/settings/apply/apply-settings.js';
import { exportSettings } from '../../src/settings/export-settings.js';
import { checkSettings } from '../../src/settings/file/read-file.js';
import { SettingsFileError } from '../../src/settings/file/settings-file-error.js';
import { describeBothDatabases, startTestVault, type TestVault } from '../harness.js';
import { readAudit } from '../server/read-audit.js';

const key = 'alter_rk_abcdefghijklmnopqrstuv_iwpykn';
const demo = {
  slug: 'demo',
  name: 'Demo',
  website_url: 'http://127.0.0.1:4600',
  allowed_origins: ['http://127.0.0.1:4600'],
  return_urls: ['http://127.0.0.1:4600/connected'],
  connect_session_ttl_seconds: 900,
  api_keys: [
    { name: 'backend', value: key, scopes: ['grants:read', 'tokens:retrieve'] },
    { name: 'minted', allowed_addresses: ['127.0.0.1'] },
  ],
  providers: [
    {
      id: 'google',
      client_id: 'g',
      client_secret: 'google-secret',
      scopes: ['openid', { scope: 'email', required: false }],
    },
    {
      id: 'acme',
      name: 'Acme',
      authorization_endpoint: 'http://127.0.0.1:4700/authorize',
      token_endpoint: 'http://127.0.0.1:4700/token',
      userinfo_endpoint: 'http://127.0.0.1:4700/me',
      account: { id: '/sub', identifier: '/email' },
      client_id: 'acme-client',
      client_secret: ['new-secret', 'old-secret'],
      scopes: ['openid'],
    },
  ],
  identity_provider: { issuer: 'http://127.0.0.1:4800', audience: 'demo-api' },
  policies: [
    { name: 'inside', target: 'app', rule: { kind: 'ip_allowlist', cidrs: ['127.0.0.0/8'] } },
    {
      name: 'hours',
      target: { provider: 'google' },
      rule: { kind: 'time_window', from: '00:00', to: '00:00', time_zone: 'UTC' },
    },
  ],
  branding: { display_name: 'The Demo', logo_url: null, primary_color: '#2f6fed' },
  allowed_networks: ['10.0.0.0/8', 'gitlab.internal'],
};

describeBothDatabases('apply', (kind) => {
  let vault: TestVault;
  beforeAll(async () => {
    vault = await startTestVault({ kind, config: { version: 1, apps: [demo] } });
  });
  afterAll(() => vault?.close());

  const apply = async (app: object, options: { isPruning?: boolean; isDryRun?: boolean } = {}) => {
    const { file } = checkSettings({ version: 1, apps: [app] }, 'test', {
      isDevelopment: true,
      readVariable: () => undefined,
      readFile: () => '',
    });
    return applySettings(vault.deps, {
      files: [{ label: 'test', file }],
      isPruning: false,
      appliedBy: 'test',
      ...options,
    });
  };
  const differing = (result: Awaited<ReturnType<typeof apply>>) =>
    result.changes.filter((change) => change.action !== 'unchanged');
  const settings = () => vault.deps.settings.findBySlug('demo');

  it('makes what the file says', async () => {
    const read = await settings();
    expect(read).toMatchObject({
      name: 'Demo',
      allowedOrigins: ['http://127.0.0.1:4600'],
      connectSessionTtlSeconds: 900,
      branding: { displayName: 'The Demo', primaryColor: '#2f6fed' },
      identityProvider: { issuer: 'http://127.0.0.1:4800', claims: { user_id: 'sub' } },
      allowedNetworks: ['10.0.0.0/8', 'gitlab.internal'],
    });
    const acme = read?.providers.get('acme');
    expect(acme).toMatchObject({ displayName: 'Acme', clientId: 'acme-client' });
    const secrets = (await acme?.clientSecrets()) ?? [];
    expect(secrets.map((secret) => secret.reveal())).toEqual(['new-secret', 'old-secret']);
    expect(read?.providers.get('google')?.scopes).toEqual([
      { scope: 'openid', required: true },
      { scope: 'email', required: false },
    ]);
    expect(read?.policies.map((policy) => [policy.name, policy.targetKind, policy.targetId])).toEqual(
      expect.arrayContaining([
        ['inside', 'app', null],
        ['hours', 'provider', 'google'],
      ]),
    );
  });

  it('applied a second time changes nothing, keeps every id and mints no key', async () => {
    const before = await settings();
    const result = await apply(demo);
    expect(differing(result)).toEqual([]);
    expect(result.apps[0]?.api_keys.every((item) => item.value === undefined)).toBe(true);
    const after = await settings();
    expect(after?.version).toBe(before?.version);
    expect(after?.providers.get('acme')?.configId).toBe(before?.providers.get('acme')?.configId);
  });

  it('a dry run tells the plan and changes nothing', async () => {
    const before = await settings();
    const result = await apply(
      { ...demo, name: 'Renamed', api_keys: [{ name: 'planned' }] },
      { isDryRun: true },
    );
    expect(differing(result).map((change) => [change.action, change.kind, change.name])).toEqual([
      ['change', 'app', 'demo'],
      ['create', 'api_key', 'planned'],
    ]);
    expect(JSON.stringify(result)).not.toContain('alter_key_');
    expect((await settings())?.name).toBe(before?.name);
  });

  it('a changed secret is a change without its value, and makes the next version', async () => {
    const before = await settings();
    const [google, acme] = demo.providers;
    const result = await apply({ ...demo, providers: [google, { ...acme, client_secret: 'third-secret' }] });
    expect(differing(result)).toEqual([
      { action: 'change', kind: 'provider', app: 'demo', name: 'acme', fields: ['client_secret'] },
    ]);
    const after = await settings();
    expect(after?.version).toBe((before?.version ?? 0) + 1);
    const current = after?.providers.get('acme');
    expect(current?.configId).toBe(before?.providers.get('acme')?.configId);
    expect((await current?.clientSecrets())?.map((secret) => secret.reveal())).toEqual(['third-secret']);
    const [record] = await readAudit(vault, 'settings.applied');
    expect(JSON.stringify(record)).toContain('client_secret');
    expect(JSON.stringify(record)).not.toContain('third-secret');
  });

  it('A4: what is about to change is on record before anything changes, so that no kill leaves a change unrecorded', async () => {
    const { file } = checkSettings({ version: 1, apps: [{ ...demo, name: 'Renamed' }] }, 'test', {
      isDevelopment: true,
      readVariable: () => undefined,
      readFile: () => '',
    });
    const transaction = async () => {
      throw new Error('killed');
    };
    const before = await readAudit(vault, 'settings.applying');
    const deps = { ...vault.deps, storage: { ...vault.deps.storage, transaction } };
    const killed = applySettings(deps, {
      files: [{ label: 'test', file }],
      isPruning: false,
      appliedBy: 'test',
    });
    await expect(killed).rejects.toThrow('killed');
    const [begun, ...rest] = await readAudit(vault, 'settings.applying');
    expect(rest).toHaveLength(before.length);
    expect(begun).toMatchObject({
      details: {
        changes: expect.arrayContaining([expect.objectContaining({ kind: 'app', fields: ['name'] })]),
      },
    });
    expect((await settings())?.name).toBe('Demo');
  });

  it('what the file does not name stays, and goes with --prune; its keys stop at once', async () => {
    const minted = vault.apiKeys['demo/minted'] ?? '';
    const small = { slug: 'demo', name: 'Demo', api_keys: [{ name: 'backend', value: key }] };
    const kept = await apply(small);
    expect(differing(kept).map((change) => [change.kind, change.fields])).toEqual([['api_key', ['scopes']]]);
    expect((await settings())?.providers.size).toBe(2);
    expect((await vault.signedFetch('GET', '/sdk/scopes', undefined, { apiKey: minted })).status).toBe(200);

    const pruned = differing(await apply(small, { isPruning: true }));
    expect(
      pruned
        .filter((change) => change.action === 'remove')
        .map((change) => change.name)
        .sort(),
    ).toEqual(['acme', 'google', 'hours', 'http://127.0.0.1:4800', 'inside', 'minted']);
    const refused = await vault.signedFetch('GET', '/sdk/scopes', undefined, { apiKey: minted });
    expect(await refused.json()).toMatchObject({ error: 'key_revoked' });
    expect(await settings()).toMatchObject({ identityProvider: null, policies: [], allowedOrigins: [] });
    expect(differing(await apply(small, { isPruning: true }))).toEqual([]);
  });

  it('an exported file holds no secret, and applied again with its secrets changes nothing', async () => {
    await apply(demo);
    const { content, variables } = await exportSettings(vault.deps);
    const text = JSON.stringify(content);
    for (const secret of [key, 'google-secret', 'new-secret', 'old-secret'])
      expect(text).not.toContain(secret);
    const values: Record<string, unknown> = {
      DEMO_API_KEY_BACKEND: key,
      DEMO_GOOGLE_CLIENT_SECRET: 'google-secret',
      DEMO_ACME_CLIENT_SECRET: 'new-secret',
    };
    expect([...variables].sort()).toEqual(Object.keys(values).sort());
    const [acme] = [demo.providers[1]];
    await apply({ ...demo, providers: [demo.providers[0], { ...acme, client_secret: 'new-secret' }] });
    const { file } = checkSettings(content, 'export', {
      isDevelopment: true,
      readVariable: (name) => values[name] as string | undefined,
      readFile: () => '',
    });
    const again = await applySettings(vault.deps, {
      files: [{ label: 'export', file }],
      isPruning: true,
      appliedBy: 'test',
    });
    expect(differing(again)).toEqual([]);
  });

  it("another app's key is refused with its place, and nothing is changed", async () => {
    const other = { slug: 'other', name: 'Other', api_keys: [{ name: 'stolen', value: key }] };
    const failure = await apply(other).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SettingsFileError);
    expect((failure as Error).message).toBe('test: apps[0].api_keys[0].value: is the key of another app');
    expect(await vault.deps.settings.findBySlug('other')).toBeUndefined();
  });

  it('of several who apply at the same time one makes the change, and all end well', async () => {
    const results = await Promise.all(
      Array.from({ length: 4 }, () =>
        apply({ slug: 'raced', name: 'Raced', api_keys: [{ name: 'backend' }] }),
      ),
    );
    expect(new Set(results.map((result) => result.apps[0]?.id)).size).toBe(1);
    const minted = results.flatMap((result) => result.apps[0]?.api_keys ?? []).filter((item) => item.value);
    expect(minted).toHaveLength(1);
  });

  it('F4: of two processes that make the same app at once the later one plans again', async () => {
    const app = { slug: 'twin', name: 'Twin', api_keys: [{ name: 'backend', value: mintApiKey('rk') }] };
    const sources = { isDevelopment: true, readVariable: () => undefined, readFile: () => '' };
    const { file } = checkSettings({ version: 1, apps: [app] }, 'twin.yaml', sources);
    const input = { files: [{ label: 'twin.yaml', file }], isPruning: false, appliedBy: 'test' };
    const { keyring } = vault.deps;
    let other: Promise<unknown> | undefined;
    const createAppKey: typeof keyring.createAppKey = async (appId) => {
      // Between its look for the app and its look for the key.
      other ??= applySettings(vault.deps, input);
      await other;
      return keyring.createAppKey(appId);
    };
    const late = await applySettings({ ...vault.deps, keyring: { ...keyring, createAppKey } }, input);
    expect(late.changes.every(({ action }) => action === 'unchanged')).toBe(true);
    expect(await other).toMatchObject({ apps: [{ id: late.apps[0]?.id }] });
  });
});
