import { resolveProviderDefinition } from '@alter-ai/oauth-providers';
import canonicalize from 'canonicalize';
import { uuidv7 } from 'uuidv7';
import type { ProviderConfigRow } from '../../storage/settings/app-rows.js';
import { insertProvider, removeProvider, updateProvider } from '../../storage/settings/app-writes.js';
import { openClientSecrets } from '../create-settings-reader.js';
import { readOverrides } from '../file/check-file.js';
import type { ProviderEntry } from '../file/vault-file-schema.js';
import { listDifferences, noteChange, type PlanPart } from './change.js';

/** Plans an app's providers: each is known by its provider id; ids stay. */
export async function planProviders(
  part: PlanPart,
  stored: readonly ProviderConfigRow[],
  entries: readonly ProviderEntry[] | undefined,
): Promise<void> {
  for (const entry of entries ?? []) {
    const row = stored.find((candidate) => candidate.provider_id === entry.id);
    if (row) await planChange(part, row, entry);
    else await planNew(part, entry);
  }
  if (!part.isPruning) return;
  const named = new Set((entries ?? []).map((entry) => entry.id));
  for (const row of stored) {
    if (named.has(row.provider_id)) continue;
    const isOut = row.client_id === null && row.sealed_client_secrets === null;
    if (!isOut) part.writes.push(removeProvider(part.appId, row.id, part.nowMs));
    noteChange(part, 'provider', row.provider_id, isOut ? 'unchanged' : 'remove');
  }
}

async function planNew(part: PlanPart, entry: ProviderEntry): Promise<void> {
  const id = uuidv7();
  const secrets = readSecrets(entry) ?? [];
  part.writes.push(
    insertProvider({
      app_id: part.appId,
      id,
      provider_id: entry.id,
      overrides_json: writeOverrides(entry),
      client_id: entry.client_id ?? null,
      sealed_client_secrets: await sealSecrets(part, id, secrets),
      scopes_json: JSON.stringify(entry.scopes ?? readDefaultScopes(entry)),
      breaker_open_until: null,
      breaker_code: null,
      breaker_failures: 0,
      created_at: part.nowMs,
      updated_at: part.nowMs,
    }),
  );
  noteChange(part, 'provider', entry.id, 'create');
}

async function planChange(part: PlanPart, row: ProviderConfigRow, entry: ProviderEntry): Promise<void> {
  const clientId = entry.client_id ?? (part.isPruning ? null : row.client_id);
  const scopes = entry.scopes ?? (part.isPruning ? readDefaultScopes(entry) : undefined);
  const changes = {
    overrides_json: writeOverrides(entry),
    client_id: clientId,
    scopes_json: scopes ? JSON.stringify(scopes) : row.scopes_json,
  };
  const fields = listDifferences(row, changes);
  const secrets = readSecrets(entry) ?? (part.isPruning ? [] : undefined);
  const isSecretChanged = secrets !== undefined && !(await areSecretsStored(part, row, secrets));
  if (isSecretChanged) fields.push('client_secret');
  if (fields.length === 0) {
    noteChange(part, 'provider', entry.id, 'unchanged');
    return;
  }
  // New client credentials deserve a new try at once (R7).
  const isClientChanged =
    isSecretChanged || fields.includes('client_id') || fields.includes('overrides_json');
  part.writes.push(
    updateProvider(part.appId, row.id, {
      ...changes,
      ...(isSecretChanged ? { sealed_client_secrets: await sealSecrets(part, row.id, secrets) } : {}),
      ...(isClientChanged ? { breaker_open_until: null, breaker_code: null, breaker_failures: 0 } : {}),
      updated_at: part.nowMs,
    }),
  );
  noteChange(
    part,
    'provider',
    entry.id,
    'change',
    fields.map((field) => field.replace(/_json$/, '')),
  );
}

function readSecrets(entry: ProviderEntry): string[] | undefined {
  if (entry.client_secret === undefined) return undefined;
  return typeof entry.client_secret === 'string' ? [entry.client_secret] : entry.client_secret;
}

function writeOverrides(entry: ProviderEntry): string {
  const mark = entry.proxy_only === true ? { proxy_only: true } : {};
  return canonicalize({ ...readOverrides(entry), ...mark }) ?? '{}';
}

function readDefaultScopes(entry: ProviderEntry): { scope: string; required: boolean }[] {
  const definition = resolveProviderDefinition({ id: entry.id, overrides: readOverrides(entry) });
  return definition.default_scopes.map((scope) => ({ scope, required: true }));
}

async function sealSecrets(part: PlanPart, id: string, secrets: readonly string[]): Promise<Buffer | null> {
  if (secrets.length === 0) return null;
  const context = { table: 'provider_configs', rowId: id, appId: part.appId, field: 'client_secrets' };
  return part.deps.keyring.seal(context, JSON.stringify(secrets));
}

async function areSecretsStored(
  part: PlanPart,
  row: ProviderConfigRow,
  secrets: readonly string[],
): Promise<boolean> {
  const stored = await openClientSecrets(part.deps, row);
  return (
    stored.length === secrets.length && stored.every((secret, index) => secret.reveal() === secrets[index])
  );
}
