import { uuidv7 } from 'uuidv7';
import { type AppRows, readAppRows } from '../../storage/settings/app-rows.js';
import { insertApp, type SettingsWrite, updateApiKey, updateApp } from '../../storage/settings/app-writes.js';
import { removeWebhook } from '../../storage/webhooks/webhook-rows.js';
import type { AppEntry } from '../file/vault-file-schema.js';
import { planManagedSecrets } from '../managed-secrets/plan-managed-secrets.js';
import { defaultSettings, type StoredSettings, storedSettingsSchema } from '../stored-settings.js';
import { type AppliedWebhook, planWebhooks } from '../webhooks/plan-webhooks.js';
import {
  type AppliedIdentityProvider,
  type AppliedKey,
  type AppliedSecret,
  type Change,
  listDifferences,
  noteChange,
  type PlanDeps,
  type PlanPart,
} from './change.js';
import { planApiKeys } from './plan-api-keys.js';
import { planProviders } from './plan-providers.js';
import { planIdentityProvider, planPolicies } from './plan-rules.js';

/** What applying would do with one app. */
export interface AppPlan {
  readonly slug: string;
  readonly appId: string;
  readonly changes: readonly Change[];
  /** In order; empty when nothing changes. */
  readonly writes: readonly SettingsWrite[];
  readonly apiKeys: readonly AppliedKey[];
  readonly webhooks: readonly AppliedWebhook[];
  readonly managedSecrets: readonly AppliedSecret[];
  readonly identityProvider: AppliedIdentityProvider | null;
}

/** Plans one app of a file. Reads, seals and writes nothing but, for a new app, a data key that nobody else sees. */
export async function planApp(
  deps: PlanDeps,
  entry: AppEntry,
  options: { isPruning: boolean; report: PlanPart['report'] },
): Promise<AppPlan> {
  const rows = await readAppRows(deps.storage, { slug: entry.slug });
  if (rows && rows.app.shredded_at !== null) {
    const on = new Date(rows.app.shredded_at).toISOString().slice(0, 10);
    options.report(['slug'], `was shredded on ${on}: choose another one, or take it out of the file`);
    return {
      slug: entry.slug,
      appId: rows.app.id,
      changes: [],
      writes: [],
      apiKeys: [],
      webhooks: [],
      managedSecrets: [],
      identityProvider: null,
    };
  }
  const appId = rows?.app.id ?? uuidv7();
  const wrappedKey = rows ? undefined : await deps.keyring.createAppKey(appId);
  // Sealing may need a data key, which cannot be made inside the transaction that follows.
  await deps.keyring.prepare(appId);
  const part: PlanPart = {
    deps,
    appId,
    slug: entry.slug,
    issuer:
      entry.identity_provider === undefined
        ? rows?.identityProvider?.issuer
        : entry.identity_provider?.issuer,
    isPruning: options.isPruning,
    nowMs: deps.clock(),
    changes: [],
    writes: [],
    report: options.report,
  };
  const settings = mergeSettings(rows, entry, options.isPruning);
  const appFields = rows ? listAppDifferences(rows, entry, settings) : [];
  noteChange(
    part,
    'app',
    entry.slug,
    rows ? (appFields.length > 0 ? 'change' : 'unchanged') : 'create',
    appFields,
  );
  const apiKeys = await planApiKeys(part, rows?.apiKeys ?? [], entry.api_keys);
  await planProviders(part, rows?.providers ?? [], entry.providers);
  const identityProvider = planIdentityProvider(
    part,
    rows?.identityProvider ?? null,
    entry.identity_provider,
  );
  planPolicies(part, rows?.policies ?? [], entry.policies);
  const managedSecrets = await planManagedSecrets(
    part,
    { secrets: rows?.managedSecrets ?? [], providers: rows?.providers ?? [] },
    entry.managed_secrets,
  );
  const webhooks = await planWebhooks(part, rows?.webhooks ?? [], entry.webhooks);

  const facts = { name: entry.name, settings_json: JSON.stringify(settings), updated_at: part.nowMs };
  const writes: SettingsWrite[] = [];
  if (wrappedKey !== undefined) {
    writes.push(
      insertApp({
        id: appId,
        slug: entry.slug,
        ...facts,
        version: 1,
        wrapped_key: wrappedKey,
        created_at: part.nowMs,
      }),
    );
  } else if (rows && (appFields.length > 0 || part.writes.length > 0)) {
    writes.push(updateApp(appId, rows.app.version, facts));
  }
  return {
    slug: entry.slug,
    appId,
    changes: part.changes,
    writes: [...writes, ...part.writes],
    apiKeys,
    webhooks,
    managedSecrets,
    identityProvider,
  };
}

/** Plans an app that is in the database but in no file, when pruning: its keys stop working, its records stay. */
export function planAppRemoval(rows: AppRows, nowMs: number): AppPlan {
  const live = rows.apiKeys.filter((key) => key.revoked_at === null);
  const slug = rows.app.slug;
  const fields = [
    ...(live.length > 0 ? ['api_keys'] : []),
    ...(rows.webhooks.length > 0 ? ['webhooks'] : []),
  ];
  const change: Change = {
    action: fields.length > 0 ? 'remove' : 'unchanged',
    kind: 'app',
    app: slug,
    name: slug,
    fields,
  };
  return {
    slug,
    appId: rows.app.id,
    changes: [change],
    writes: [
      ...live.map((key) => updateApiKey(rows.app.id, key.id, { revoked_at: nowMs })),
      ...rows.webhooks.map((webhook) => removeWebhook(rows.app.id, webhook.id)),
    ],
    apiKeys: [],
    webhooks: [],
    managedSecrets: [],
    identityProvider: null,
  };
}

/** What the file does not mention stays as it is, or with pruning becomes what it is by itself. */
function mergeSettings(rows: AppRows | undefined, entry: AppEntry, isPruning: boolean): StoredSettings {
  const stored =
    rows && !isPruning ? storedSettingsSchema.parse(JSON.parse(rows.app.settings_json)) : defaultSettings;
  const { branding } = entry;
  return {
    website_url: entry.website_url === undefined ? stored.website_url : entry.website_url,
    allowed_origins: entry.allowed_origins?.map((origin) => new URL(origin).origin) ?? stored.allowed_origins,
    return_urls: entry.return_urls ?? stored.return_urls,
    connect_session_ttl_seconds: entry.connect_session_ttl_seconds ?? stored.connect_session_ttl_seconds,
    branding: {
      display_name: branding?.display_name ?? stored.branding.display_name,
      logo_url: branding?.logo_url === undefined ? stored.branding.logo_url : branding.logo_url,
      primary_color:
        branding?.primary_color === undefined ? stored.branding.primary_color : branding.primary_color,
    },
    allowed_networks: entry.allowed_networks ?? stored.allowed_networks,
  };
}

function listAppDifferences(rows: AppRows, entry: AppEntry, settings: StoredSettings): string[] {
  const stored = storedSettingsSchema.parse(JSON.parse(rows.app.settings_json));
  return [...(rows.app.name === entry.name ? [] : ['name']), ...listDifferences(stored, settings)];
}
