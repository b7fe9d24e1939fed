import { keyScopes } from '@alter-ai/core-contract';
import { deriveKeyId, deriveSigningKey, keyPrefixForDisplay, mintApiKey } from '@alter-ai/core-crypto';
import { uuidv7 } from 'uuidv7';
import { findApiKeyByDigest, readAppRows, type StoredApiKey } from '../../storage/settings/app-rows.js';
import { insertApiKey, SettingsConflictError, updateApiKey } from '../../storage/settings/app-writes.js';
import type { ApiKeyEntry } from '../file/vault-file-schema.js';
import { type AppliedKey, listDifferences, noteChange, type PlanPart } from './change.js';

/** Plans an app's API keys: a key is known by its name, a value by its digest; ids stay. */
export async function planApiKeys(
  part: PlanPart,
  stored: readonly StoredApiKey[],
  entries: readonly ApiKeyEntry[] | undefined,
): Promise<AppliedKey[]> {
  const kept = new Set<string>();
  const applied: AppliedKey[] = [];
  for (const [index, entry] of (entries ?? []).entries()) {
    const named = stored.find((row) => row.name === entry.name && row.revoked_at === null);
    if (entry.value === undefined) {
      if (named) {
        kept.add(named.id);
        planFacts(part, named, entry, false);
        applied.push({ name: entry.name, id: named.id });
      } else {
        const value = mintApiKey('app');
        applied.push({ name: entry.name, id: await planNewKey(part, entry, value, false), value });
        noteChange(part, 'api_key', entry.name, 'create');
      }
      continue;
    }
    const digest = part.deps.keyring.lookupDigest(deriveKeyId(entry.value));
    const owner = await findApiKeyByDigest(part.deps.storage, digest);
    if (owner && owner.app_id !== part.appId) {
      // Another process has made this very app since it was looked for: what is here is planned again.
      const current = await readAppRows(part.deps.storage, { slug: part.slug });
      if (current?.app.id === owner.app_id) throw new SettingsConflictError();
      part.report(['api_keys', index, 'value'], 'is the key of another app');
      continue;
    }
    if (owner) {
      planFacts(part, owner, entry, true);
    } else if (named) {
      noteChange(part, 'api_key', entry.name, 'change', ['value']);
    } else noteChange(part, 'api_key', entry.name, 'create');
    const id = owner?.id ?? (await planNewKey(part, entry, entry.value, true));
    kept.add(id);
    applied.push({ name: entry.name, id });
    if (named && named.id !== id) {
      kept.add(named.id);
      part.writes.push(updateApiKey(part.appId, named.id, { revoked_at: part.nowMs }));
    }
  }
  if (part.isPruning) {
    for (const row of stored) {
      if (row.revoked_at !== null || kept.has(row.id)) continue;
      part.writes.push(updateApiKey(part.appId, row.id, { revoked_at: part.nowMs }));
      noteChange(part, 'api_key', row.name, 'remove');
    }
  }
  return applied;
}

function readFacts(entry: ApiKeyEntry) {
  // All scopes are stored as none named, so that a scope added later belongs to the key too.
  const scopes = entry.scopes && keyScopes.filter((scope) => entry.scopes?.includes(scope));
  return {
    name: entry.name,
    scopes_json: scopes ? JSON.stringify(scopes) : null,
    cidr_allowlist_json: entry.allowed_addresses ? JSON.stringify(entry.allowed_addresses) : null,
    expires_at: entry.expires_at ? Date.parse(entry.expires_at) : null,
  };
}

function planFacts(part: PlanPart, row: StoredApiKey, entry: ApiKeyEntry, isFromFile: boolean): void {
  const facts = {
    ...readFacts(entry),
    revoked_at: null,
    is_from_file: isFromFile ? 1 : row.is_from_file,
  };
  const fields = listDifferences(row, facts);
  if (fields.length > 0) part.writes.push(updateApiKey(part.appId, row.id, facts));
  noteChange(
    part,
    'api_key',
    entry.name,
    fields.length > 0 ? 'change' : 'unchanged',
    fields.map((field) => field.replace(/_json$/, '')),
  );
}

async function planNewKey(
  part: PlanPart,
  entry: ApiKeyEntry,
  value: string,
  isFromFile: boolean,
): Promise<string> {
  const { keyring } = part.deps;
  const id = uuidv7();
  const context = { table: 'api_keys', rowId: id, appId: part.appId, field: 'signing_key' };
  const sealed = await keyring.seal(context, deriveSigningKey(value).toString('base64'));
  part.writes.push(
    insertApiKey({
      app_id: part.appId,
      id,
      ...readFacts(entry),
      key_type: readKeyType(value),
      key_prefix: keyPrefixForDisplay(value),
      lookup_digest: keyring.lookupDigest(deriveKeyId(value)),
      sealed_signing_key: sealed,
      revoked_at: null,
      is_from_file: isFromFile ? 1 : 0,
      created_at: part.nowMs,
    }),
  );
  return id;
}

function readKeyType(value: string): 'rk' | 'ak' | 'dk' | 'app' {
  const type = /^alter_(rk|ak|dk)_/.exec(value)?.[1];
  return type === 'rk' || type === 'ak' || type === 'dk' ? type : 'app';
}
