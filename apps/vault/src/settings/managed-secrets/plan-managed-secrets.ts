import { uuidv7 } from 'uuidv7';
import { resolveDefinition } from '../../secrets/definition/resolve-definition.js';
import type { SecretDefinition } from '../../secrets/definition/secret-definition.js';
import { checkSecretFields, listSecretFields } from '../../secrets/definition/secret-fields.js';
import { openSecret, sealSecret } from '../../secrets/value/secret-value.js';
import type { CredentialRow } from '../../storage/live/credentials.js';
import {
  insertSecretCredential,
  listFieldNames,
  listSecretCredentials,
  replaceSecretCredential,
  wipeSecretCredentials,
} from '../../storage/secrets/secret-credentials.js';
import { listSecretGrants, revokeSecretGrants } from '../../storage/secrets/secret-grants.js';
import type { ProviderConfigRow } from '../../storage/settings/app-rows.js';
import { insertProvider, updateProvider } from '../../storage/settings/app-writes.js';
import { type AppliedSecret, listDifferences, noteChange, type PlanPart } from '../apply/change.js';
import {
  type CredentialEntry,
  listCredentialEntries,
  type ManagedSecretEntry,
} from './managed-secret-schema.js';
import { type PlannedSecret, planSecretGrants } from './plan-secret-grants.js';

/** What the definition column of a managed secret holds once it was taken out. */
const takenOut = 'null';

/** Plans an app's managed secrets: each is known by its slug, its credentials and grants by their labels; ids stay. */
export async function planManagedSecrets(
  part: PlanPart,
  stored: {
    readonly secrets: readonly ProviderConfigRow[];
    readonly providers: readonly ProviderConfigRow[];
  },
  entries: readonly ManagedSecretEntry[] | undefined,
): Promise<AppliedSecret[]> {
  const applied: AppliedSecret[] = [];
  for (const [index, entry] of (entries ?? []).entries()) {
    const report: PlanPart['report'] = (path, message) =>
      part.report(['managed_secrets', index, ...path], message);
    if (stored.providers.some((row) => row.provider_id === entry.slug)) {
      report(['slug'], 'is the id of a provider of this app already');
      continue;
    }
    const definition = resolveDefinition(entry, report);
    if (!definition) continue;
    const row = stored.secrets.find((candidate) => candidate.provider_id === entry.slug);
    applied.push(await planSecret({ ...part, report }, entry, definition, row));
  }
  if (part.isPruning) {
    const named = new Set((entries ?? []).map((entry) => entry.slug));
    for (const row of stored.secrets) if (!named.has(row.provider_id)) planRemoval(part, row);
  }
  return applied;
}

async function planSecret(
  part: PlanPart,
  entry: ManagedSecretEntry,
  definition: SecretDefinition,
  row: ProviderConfigRow | undefined,
): Promise<AppliedSecret> {
  const id = row?.id ?? uuidv7();
  const fields = row
    ? planDefinition(part, row, definition)
    : planNewSecret(part, id, entry.slug, definition);
  const known = row ? await listSecretCredentials(part.deps.storage, part.appId, id) : [];
  const wanted = listCredentialEntries(entry);
  const labels = new Set<string>();
  const credentials = new Map(known.map((credential) => [credential.label ?? '', credential.id]));
  for (const each of wanted) {
    if (labels.has(each.label)) part.report([...each.path, 'label'], 'is there twice');
    labels.add(each.label);
    for (const problem of checkSecretFields(definition, each.fields)) {
      part.report([...each.path, problem.field], problem.message);
    }
    const found = known.find((credential) => credential.label === each.label);
    if (await planCredential(part, id, each, found, credentials)) fields.push(`credential ${each.label}`);
  }
  refuseMisfits(
    part,
    definition,
    known.filter(({ label }) => !labels.has(label ?? '')),
  );
  const secret: PlannedSecret = {
    id,
    slug: entry.slug,
    credentials,
    lockedIds: new Set(known.filter((each) => each.is_proxy_only !== 0).map((each) => each.id)),
    preferredLabel: wanted[0]?.label ?? known[0]?.label ?? undefined,
    grants: row ? await listSecretGrants(part.deps.storage, part.appId, id) : [],
  };
  const grants = planSecretGrants(part, secret, entry.grants, fields);
  if (part.isPruning && wanted.length > 0) planLostCredentials(part, id, known, labels, grants, fields);
  const action = row === undefined || row.overrides_json === takenOut ? 'create' : 'change';
  noteChange(part, 'managed_secret', entry.slug, fields.length === 0 ? 'unchanged' : action, fields);
  return { slug: entry.slug, id, grants: grants.map(({ grant_id, label }) => ({ grant_id, label })) };
}

function planNewSecret(part: PlanPart, id: string, slug: string, definition: SecretDefinition): string[] {
  part.writes.push(
    insertProvider({
      app_id: part.appId,
      id,
      provider_id: slug,
      kind: 'managed_secret',
      overrides_json: JSON.stringify(definition),
      client_id: null,
      sealed_client_secrets: null,
      scopes_json: '[]',
      breaker_failures: 0,
      created_at: part.nowMs,
      updated_at: part.nowMs,
    }),
  );
  return ['definition'];
}

function planDefinition(part: PlanPart, row: ProviderConfigRow, definition: SecretDefinition): string[] {
  const stored = (JSON.parse(row.overrides_json) ?? {}) as Partial<SecretDefinition>;
  const fields = listDifferences(stored as SecretDefinition, definition);
  if (fields.length > 0) {
    const changes = { overrides_json: JSON.stringify(definition), updated_at: part.nowMs };
    part.writes.push(updateProvider(part.appId, row.id, changes));
  }
  return fields;
}

/** A change of kind or places must not leave values behind that no longer fill them. */
function refuseMisfits(part: PlanPart, definition: SecretDefinition, kept: readonly CredentialRow[]): void {
  const required = listSecretFields(definition).filter((field) => field.isRequired);
  for (const credential of kept) {
    const names = listFieldNames(credential);
    if (required.every(({ name }) => names.includes(name))) continue;
    part.report(
      ['kind'],
      `does not fit the stored credential ${credential.label}: store it again with this change`,
    );
  }
}

/** @returns whether something is to be done */
async function planCredential(
  part: PlanPart,
  secretId: string,
  entry: CredentialEntry,
  found: CredentialRow | undefined,
  credentials: Map<string, string>,
): Promise<boolean> {
  const { keyring } = part.deps;
  const { appId, nowMs } = part;
  const credentialId = found?.id ?? uuidv7();
  credentials.set(entry.label, credentialId);
  const key = { appId, credentialId };
  if (found) {
    const stored = await openSecret(keyring, key, found.sealed_tokens);
    if (listDifferences(stored, entry.fields).length === 0 && hasSameNames(stored, entry.fields))
      return false;
    const fields = await sealSecret(keyring, key, entry.fields);
    part.writes.push(async (trx) => {
      await replaceSecretCredential(trx, key, fields, nowMs);
    });
    return true;
  }
  const fields = await sealSecret(keyring, key, entry.fields);
  const input = {
    appId,
    id: credentialId,
    secretId,
    fields,
    owner: 'developer',
    label: entry.label,
    nowMs,
  } as const;
  part.writes.push((trx) => insertSecretCredential(trx, input));
  return true;
}

function hasSameNames(one: object, other: object): boolean {
  return Object.keys(one).length === Object.keys(other).length;
}

/** Pruning takes out credentials that the file no longer has; one that a grant still uses is a mistake in the file. */
function planLostCredentials(
  part: PlanPart,
  secretId: string,
  known: readonly CredentialRow[],
  labels: ReadonlySet<string>,
  grants: readonly { readonly label: string; readonly credentialId: string }[],
  fields: string[],
): void {
  for (const credential of known) {
    if (credential.label !== null && labels.has(credential.label)) continue;
    const user = grants.find((grant) => grant.credentialId === credential.id);
    if (user) {
      part.report(
        ['credentials'],
        `leaves out ${credential.label}, which the grant ${user.label} still uses`,
      );
      continue;
    }
    const key = { appId: part.appId, secretId, credentialId: credential.id };
    part.writes.push((trx) => wipeSecretCredentials(trx, key, part.nowMs));
    fields.push(`credential ${credential.label}`);
  }
}

/** Takes a managed secret out: its grants are revoked, its values wiped; its row stays, because records speak of it. */
function planRemoval(part: PlanPart, row: ProviderConfigRow): void {
  const isOut = row.overrides_json === takenOut;
  if (!isOut) {
    const key = { appId: part.appId, secretId: row.id };
    part.writes.push(
      (trx) => revokeSecretGrants(trx, key, 'settings', part.nowMs),
      (trx) => wipeSecretCredentials(trx, key, part.nowMs),
      updateProvider(part.appId, row.id, { overrides_json: takenOut, updated_at: part.nowMs }),
    );
  }
  noteChange(part, 'managed_secret', row.provider_id, isOut ? 'unchanged' : 'remove');
}
