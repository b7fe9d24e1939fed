import { parseRootKey, type RootKey, SecretValue } from '@alter-ai/core-crypto';
import { createEgress } from '@alter-ai/egress';
import type { RefreshMode } from '@alter-ai/emulator';
import { resolveProviderDefinition } from '@alter-ai/oauth-providers';
import pino from 'pino';
import { openAuditLog } from '../../src/audit/open-audit-log.js';
import { loadConfig, type VaultConfig } from '../../src/config.js';
import type { VaultDeps } from '../../src/deps.js';
import { timeLimits } from '../../src/http/limits/time-limits.js';
import { openVaultData } from '../../src/keys/open-vault-data.js';
import { ensureFresh } from '../../src/refresh/ensure-fresh.js';
import type { AppSettings, ProviderSettings } from '../../src/settings/settings-reader.js';
import { findUsableGrant } from '../../src/storage/live/grants/usable-grant.js';

/** What the one app and its one provider are made from. */
export interface SettingsFacts {
  readonly appId: string;
  readonly configId: string;
  readonly issuer: string;
  readonly mode: RefreshMode;
  readonly secrets: readonly string[];
  readonly defaultTtlSeconds?: number;
  readonly overrides?: Record<string, unknown>;
}

/** What a child process gets to be one more vault on the same data. */
export interface RefreshChildInput {
  readonly environment: Record<string, string>;
  readonly databaseUrl: string | undefined;
  readonly schema: string;
  readonly rootKey: string;
  readonly offsetMs: number;
  readonly facts: SettingsFacts;
  readonly grantId: string;
  /** How many callers ask at once; 1 unless told. */
  readonly callers?: number;
}

/** Opens everything below the HTTP interface as one process has it. */
export async function openProcess(options: {
  name: string;
  config: VaultConfig;
  databaseUrl: string | undefined;
  schema: string;
  rootKey: RootKey;
  clock: () => number;
  /** Stands for the database's clock; undefined: the database's own. */
  sharedClock: (() => number) | undefined;
  settings: AppSettings;
}): Promise<VaultDeps> {
  const { config, clock, settings } = options;
  const data = await openVaultData({ ...options, dataDir: config.dataDir });
  return {
    config,
    ...data,
    audit: await openAuditLog({ ...data, clock }),
    settings: {
      load: async () => settings,
      loadCurrent: async () => settings,
      findBySlug: async () => settings,
    },
    egress: createEgress({ isDevelopment: true }),
    log: pino({ level: 'silent' }),
    clock,
    timeLimits,
    processId: options.name,
  };
}

/** The same in a child process, on the data that its argument names. */
export async function openChild(
  input: RefreshChildInput,
): Promise<ReturnType<typeof describeSettings> & { deps: VaultDeps }> {
  const described = describeSettings(input.facts);
  const clock = () => Date.now() + input.offsetMs;
  const deps = await openProcess({
    name: `child-${process.pid}`,
    config: loadConfig(input.environment),
    databaseUrl: input.databaseUrl,
    schema: input.schema,
    rootKey: parseRootKey(input.rootKey),
    clock,
    sharedClock: clock,
    settings: described.settings,
  });
  return { ...described, deps };
}

/** One app with the emulator as its provider `acme`. */
export function describeSettings(facts: SettingsFacts): {
  provider: ProviderSettings;
  settings: AppSettings;
} {
  const { issuer, defaultTtlSeconds, overrides } = facts;
  const provider: ProviderSettings = {
    isProxyOnly: false,
    configId: facts.configId,
    providerId: 'acme',
    displayName: 'Acme',
    definition: resolveProviderDefinition({
      id: 'acme',
      overrides: {
        name: 'Acme',
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        revocation_endpoint: `${issuer}/revoke`,
        userinfo_endpoint: `${issuer}/me`,
        token_endpoint_auth_method: 'client_secret_basic',
        refresh_reuse: facts.mode,
        ...(defaultTtlSeconds === undefined ? {} : { access_token_ttl_seconds: defaultTtlSeconds }),
        ...overrides,
      },
    }),
    clientId: 'app',
    clientSecrets: async () => facts.secrets.map((secret) => SecretValue.of(secret)),
    scopes: [{ scope: 'openid', required: true }],
  };
  const settings: AppSettings = {
    appId: facts.appId,
    slug: 'demo',
    name: 'Demo',
    version: 1,
    websiteUrl: null,
    allowedOrigins: [],
    returnUrls: [],
    connectSessionTtlSeconds: 600,
    branding: { displayName: 'Demo', logoUrl: null, primaryColor: null },
    allowedNetworks: [],
    providers: new Map([[provider.providerId, provider]]),
    providersByConfigId: new Map([[provider.configId, provider]]),
    managedSecrets: new Map(),
    managedSecretsById: new Map(),
    identityProvider: null,
    policies: [],
  };
  return { provider, settings };
}

/** Makes a grant's token fresh as a call would. */
export async function ensureGrantFresh(
  deps: VaultDeps,
  input: {
    settings: AppSettings;
    provider: ProviderSettings;
    grantId: string;
    waitMaxMs?: number | undefined;
  },
): Promise<void> {
  const { settings, provider, grantId, waitMaxMs } = input;
  const grant = await findUsableGrant(deps.storage, settings.appId, grantId);
  if (!grant) throw new Error('no grant');
  await ensureFresh(deps, {
    appId: grant.app_id,
    credentialId: grant.credential_id,
    grantId,
    parameters: {},
    token: grant,
    provider,
    settings,
    ...(waitMaxMs === undefined ? {} : { waitMaxMs }),
  });
}
