import { SecretValue } from '@alter-ai/core-crypto';
import {
  type ProviderDefinition,
  type ProviderOverrides,
  resolveProviderDefinition,
} from '@alter-ai/oauth-providers';
import type { VaultDeps } from '../deps.js';
import {
  type AppRows,
  type ProviderConfigRow,
  readAppRows,
  readAppVersion,
} from '../storage/settings/app-rows.js';
import { buildManagedSecret } from './managed-secrets/build-managed-secret.js';
import type { AppSettings, ProviderSettings, SettingsReader } from './settings-reader.js';
import {
  storedClaimsSchema,
  storedScopesSchema,
  storedSecretsSchema,
  storedSettingsSchema,
} from './stored-settings.js';

/** Apps whose settings stay in memory. */
const cachedMax = 5_000;

interface Cached {
  readonly version: number;
  readonly settings: Promise<AppSettings>;
}

/** Makes the reader of one server; what it keeps carries its version, which is checked at each use. */
export function createSettingsReader(deps: Pick<VaultDeps, 'storage' | 'keyring' | 'log'>): SettingsReader {
  const cache = new Map<string, Cached>();

  const read = async (appId: string): Promise<AppSettings> => {
    const rows = await readAppRows(deps.storage, { appId });
    if (!rows) throw new Error('There is no such app.');
    return buildSettings(deps, rows);
  };

  const load = (appId: string, version: number): Promise<AppSettings> => {
    const cached = cache.get(appId);
    if (cached && cached.version >= version) return cached.settings;
    const settings = read(appId);
    if (cache.size >= cachedMax) cache.clear();
    cache.set(appId, { version, settings });
    settings.then(
      (loaded) => {
        // The app may have moved on between the caller's read and this one: keep what it is, not what was asked for.
        if (cache.get(appId)?.settings === settings) cache.set(appId, { version: loaded.version, settings });
      },
      () => {
        if (cache.get(appId)?.settings === settings) cache.delete(appId);
      },
    );
    return settings;
  };

  return {
    load,
    async loadCurrent(appId) {
      const version = await readAppVersion(deps.storage, appId);
      if (version === undefined) throw new Error('There is no such app.');
      return load(appId, version);
    },
    async findBySlug(slug) {
      const rows = await readAppRows(deps.storage, { slug });
      return rows ? load(rows.app.id, rows.app.version) : undefined;
    },
  };
}

function buildSettings(deps: Pick<VaultDeps, 'keyring' | 'log'>, rows: AppRows): AppSettings {
  const { app, identityProvider } = rows;
  const stored = storedSettingsSchema.parse(JSON.parse(app.settings_json));
  const providers = rows.providers.flatMap((row) => buildProvider(deps, row) ?? []);
  const secrets = rows.managedSecrets.flatMap((row) => buildManagedSecret(deps.log, row) ?? []);
  return Object.freeze({
    appId: app.id,
    slug: app.slug,
    name: app.name,
    version: app.version,
    websiteUrl: stored.website_url,
    allowedOrigins: stored.allowed_origins,
    returnUrls: stored.return_urls,
    connectSessionTtlSeconds: stored.connect_session_ttl_seconds,
    branding: {
      displayName: stored.branding.display_name ?? app.name,
      logoUrl: stored.branding.logo_url,
      primaryColor: stored.branding.primary_color,
    },
    allowedNetworks: stored.allowed_networks,
    providers: new Map(providers.map((provider) => [provider.providerId, provider])),
    providersByConfigId: new Map(providers.map((provider) => [provider.configId, provider])),
    managedSecrets: new Map(secrets.map((secret) => [secret.slug, secret])),
    managedSecretsById: new Map(secrets.map((secret) => [secret.id, secret])),
    identityProvider: identityProvider && {
      id: identityProvider.id,
      issuer: identityProvider.issuer,
      audience: identityProvider.audience,
      claims: storedClaimsSchema.parse(JSON.parse(identityProvider.claims_json)),
    },
    policies: rows.policies.map((row) => ({
      id: row.id,
      name: row.name,
      targetKind: row.target_kind,
      targetId: row.target_id,
      // A rule that cannot be read denies (P2); core-policy says so.
      rule: parseOrNull(row.rule_json),
    })),
  });
}

function buildProvider(
  deps: Pick<VaultDeps, 'keyring' | 'log'>,
  row: ProviderConfigRow,
): ProviderSettings | undefined {
  let definition: ProviderDefinition;
  const { proxy_only: proxyOnly, ...overrides } = JSON.parse(row.overrides_json) as ProviderOverrides & {
    proxy_only?: boolean;
  };
  try {
    definition = resolveProviderDefinition({ id: row.provider_id, overrides });
  } catch {
    // Written by another version of the catalogue: this provider is out of use until its settings are applied again.
    deps.log.error(
      { appId: row.app_id, providerId: row.provider_id },
      'provider configuration is not usable',
    );
    return undefined;
  }
  return {
    configId: row.id,
    providerId: row.provider_id,
    displayName: definition.display_name,
    definition,
    clientId: row.client_id,
    clientSecrets: () => openClientSecrets(deps, row),
    scopes: storedScopesSchema.parse(JSON.parse(row.scopes_json)),
    isProxyOnly: proxyOnly === true,
  };
}

/** The client secrets of a provider configuration, newest first. @throws OpenError */
export async function openClientSecrets(
  deps: Pick<VaultDeps, 'keyring'>,
  row: Pick<ProviderConfigRow, 'app_id' | 'id' | 'sealed_client_secrets'>,
): Promise<SecretValue[]> {
  if (row.sealed_client_secrets === null) return [];
  const context = {
    table: 'provider_configs',
    rowId: row.id,
    appId: row.app_id,
    field: 'client_secrets',
  };
  const opened = await deps.keyring.open(context, row.sealed_client_secrets);
  return storedSecretsSchema.parse(JSON.parse(opened)).map((secret) => SecretValue.of(secret));
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
