import { readAuditSettings } from '../audit/retention/audit-settings.js';
import type { VaultDeps } from '../deps.js';
import { type AppRows, listAppRows, readAppRows } from '../storage/settings/app-rows.js';
import { exportManagedSecret } from './managed-secrets/export-managed-secret.js';
import { storedClaimsSchema, storedScopesSchema, storedSettingsSchema } from './stored-settings.js';

/** Which variables an exported file reads its secrets from: none of them is in the file. */
export interface ExportedSettings {
  /** The content of the file. */
  readonly content: {
    readonly version: 1;
    readonly audit?: { readonly retention_months: number };
    readonly apps: readonly Record<string, unknown>[];
  };
  readonly variables: readonly string[];
}

/**
 * The settings of all apps as a file that `alter apply` takes. Secrets are never revealed: they stand as `{ env: NAME }`.
 * API keys that were minted here stand without a value, which leaves them as they are.
 */
export async function exportSettings(
  deps: Pick<VaultDeps, 'storage' | 'keyring'>,
): Promise<ExportedSettings> {
  const variables: string[] = [];
  const apps: Record<string, unknown>[] = [];
  for (const app of await listAppRows(deps.storage)) {
    if (app.shredded_at !== null) continue;
    const rows = await readAppRows(deps.storage, { appId: app.id });
    if (rows) apps.push(await exportApp(deps, rows, variables));
  }
  const { retentionMonths } = await readAuditSettings(deps);
  const audit = retentionMonths === null ? {} : { audit: { retention_months: retentionMonths } };
  return { content: { version: 1, ...audit, apps }, variables };
}

async function exportApp(
  deps: Pick<VaultDeps, 'storage'>,
  rows: AppRows,
  variables: string[],
): Promise<Record<string, unknown>> {
  const { app, identityProvider } = rows;
  const settings = storedSettingsSchema.parse(JSON.parse(app.settings_json));
  const fromVariable = (...parts: string[]) => {
    const name = [app.slug, ...parts]
      .join('_')
      .replaceAll(/[^A-Za-z0-9]+/g, '_')
      .toUpperCase();
    variables.push(name);
    return { env: name };
  };
  const { branding, ...facts } = settings;
  const managedSecrets: Record<string, unknown>[] = [];
  for (const row of rows.managedSecrets) {
    const entry = await exportManagedSecret(deps.storage, row, fromVariable);
    if (entry) managedSecrets.push(entry);
  }
  return {
    slug: app.slug,
    name: app.name,
    ...facts,
    branding: dropNulls(branding),
    api_keys: rows.apiKeys
      .filter((key) => key.revoked_at === null)
      .map((key) => ({
        name: key.name,
        ...(key.is_from_file === 1 ? { value: fromVariable('api_key', key.name) } : {}),
        ...(key.scopes_json === null ? {} : { scopes: JSON.parse(key.scopes_json) }),
        ...(key.cidr_allowlist_json === null
          ? {}
          : { allowed_addresses: JSON.parse(key.cidr_allowlist_json) }),
        ...(key.expires_at === null ? {} : { expires_at: new Date(key.expires_at).toISOString() }),
      })),
    providers: rows.providers.map((row) => ({
      id: row.provider_id,
      ...JSON.parse(row.overrides_json),
      ...(row.client_id === null ? {} : { client_id: row.client_id }),
      ...(row.sealed_client_secrets === null
        ? {}
        : { client_secret: fromVariable(row.provider_id, 'client_secret') }),
      scopes: storedScopesSchema
        .parse(JSON.parse(row.scopes_json))
        .map((scope) => (scope.required ? scope.scope : scope)),
    })),
    ...(identityProvider
      ? {
          identity_provider: {
            issuer: identityProvider.issuer,
            audience: identityProvider.audience,
            claims: storedClaimsSchema.parse(JSON.parse(identityProvider.claims_json)),
          },
        }
      : {}),
    webhooks: rows.webhooks.map((row) => ({
      name: row.name,
      url: row.url,
      events: JSON.parse(row.events_json) as string[],
      ...(row.is_from_file === 1 ? { secret: fromVariable('webhook', row.name) } : {}),
    })),
    ...(managedSecrets.length > 0 ? { managed_secrets: managedSecrets } : {}),
    policies: rows.policies.map((row) => ({
      name: row.name,
      target: row.target_kind === 'app' ? 'app' : { [row.target_kind]: row.target_id },
      rule: JSON.parse(row.rule_json),
    })),
  };
}

function dropNulls(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null));
}
