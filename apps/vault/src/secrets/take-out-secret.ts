import type { VaultDeps } from '../deps.js';
import { ApiError } from '../http/api-error.js';
import type { ManagedSecretSettings } from '../settings/managed-secrets/build-managed-secret.js';
import type { AppSettings } from '../settings/settings-reader.js';
import { listSecretCredentials, wipeSecretCredentials } from '../storage/secrets/secret-credentials.js';
import { listSecretGrants, revokeSecretGrants } from '../storage/secrets/secret-grants.js';
import { readAppRows } from '../storage/settings/app-rows.js';
import { updateApp, updateProvider } from '../storage/settings/app-writes.js';

/** What is taken out, and who does it. */
interface TakeOutInput {
  readonly settings: AppSettings;
  readonly secret: ManagedSecretSettings;
  readonly by: string;
}

/**
 * Takes a managed secret out: its grants are revoked, its values wiped. The row stays, because records speak of it.
 * @returns ids of the grants that were revoked
 */
export async function takeOutSecret(deps: VaultDeps, input: TakeOutInput): Promise<string[]> {
  const { settings, secret, by } = input;
  const nowMs = deps.clock();
  const key = { appId: settings.appId, secretId: secret.id };
  const grants = await listSecretGrants(deps.storage, settings.appId, secret.id);
  const rows = await readAppRows(deps.storage, { appId: settings.appId });
  if (!rows) throw new ApiError('secret_not_found');
  const { name, settings_json: stored, version } = rows.app;
  await deps.storage.transaction(async (trx) => {
    await updateApp(settings.appId, version, { name, settings_json: stored, updated_at: nowMs })(trx);
    await revokeSecretGrants(trx, key, by, nowMs);
    await wipeSecretCredentials(trx, key, nowMs);
    await updateProvider(settings.appId, secret.id, { overrides_json: 'null', updated_at: nowMs })(trx);
  });
  await deps.audit.append({
    kind: 'settings.applied',
    appId: settings.appId,
    providerId: secret.slug,
    principal: by,
    outcome: 'ok',
    details: {
      changes: [{ action: 'remove', kind: 'managed_secret', name: secret.slug, fields: [] }],
      grants: grants.map((grant) => grant.id),
    },
  });
  return grants.map((grant) => grant.id);
}

/**
 * Takes out one credential of a managed secret that no grant uses any more: the end of a rotation.
 * @throws ApiError `secret_not_found`; `invalid_request` while grants use it, naming them
 */
export async function takeOutCredential(
  deps: VaultDeps,
  input: TakeOutInput & { label: string },
): Promise<void> {
  const { settings, secret, label, by } = input;
  const stored = await listSecretCredentials(deps.storage, settings.appId, secret.id);
  const credential = stored.find((each) => each.label === label);
  if (!credential) throw new ApiError('secret_not_found', { message: 'There is no such credential.' });
  const grants = await listSecretGrants(deps.storage, settings.appId, secret.id);
  const users = grants.filter((grant) => grant.credential_id === credential.id);
  if (users.length > 0) {
    throw new ApiError('invalid_request', {
      message: `Grants still use it: ${users.map((grant) => grant.label ?? grant.id).join(', ')}. Point them at another one first.`,
    });
  }
  const key = { appId: settings.appId, secretId: secret.id, credentialId: credential.id };
  await deps.storage.transaction((trx) => wipeSecretCredentials(trx, key, deps.clock()));
  await deps.audit.append({
    kind: 'settings.applied',
    appId: settings.appId,
    providerId: secret.slug,
    principal: by,
    outcome: 'ok',
    details: {
      changes: [
        { action: 'change', kind: 'managed_secret', name: secret.slug, fields: [`credential ${label}`] },
      ],
    },
  });
}
