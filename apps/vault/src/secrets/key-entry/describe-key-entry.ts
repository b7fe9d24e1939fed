import type { KeyEntry } from '@alter-ai/core-contract';
import { findSecretTemplate } from '@alter-ai/oauth-providers';
import type { SessionRequest } from '../../connect/session/session-request.js';
import type { VaultDeps } from '../../deps.js';
import type { ManagedSecretSettings } from '../../settings/managed-secrets/build-managed-secret.js';
import type { AppSettings } from '../../settings/settings-reader.js';
import type { ConnectSessionRow } from '../../storage/live/connect-sessions.js';
import { findUsableGrant } from '../../storage/live/grants/usable-grant.js';
import { listSecretFields } from '../definition/secret-fields.js';
import { findUserGrants } from './find-user-grants.js';

/** What the page asks for in a session in which a key is entered; null in every other one. */
export async function describeKeyEntry(
  deps: VaultDeps,
  settings: AppSettings,
  row: ConnectSessionRow,
  request: SessionRequest,
): Promise<KeyEntry | null> {
  const { keyEntry } = request;
  const secret = keyEntry && settings.managedSecretsById.get(keyEntry.secretId);
  if (!keyEntry || !secret) return null;
  const template = secret.definition.template && findSecretTemplate(secret.definition.template);
  return {
    slug: secret.slug,
    name: secret.definition.name,
    fields: listSecretFields(secret.definition).map((field) => ({
      name: field.name,
      label: field.label,
      is_secret: field.isSecret,
      is_required: field.isRequired,
    })),
    hosts: [...secret.definition.hosts],
    documentation_url: template ? template.documentationUrl : null,
    existing: await describeExisting(deps, row, keyEntry.existingGrantId),
    is_repair: keyEntry.path === 'repair',
  };
}

/** How a grant on a managed secret is shown where a connected account would be. */
export function describeKey(secret: ManagedSecretSettings, label: string | null) {
  const { name } = secret.definition;
  return { providerName: name, accountIdentifier: label ?? name };
}

async function describeExisting(
  deps: VaultDeps,
  row: ConnectSessionRow,
  grantId: string | null,
): Promise<KeyEntry['existing']> {
  const grant = grantId === null ? undefined : await findUsableGrant(deps.storage, row.app_id, grantId);
  if (grant?.grant_status !== 'active') return null;
  const own = await findUserGrants(deps, {
    appId: row.app_id,
    userId: row.user_id ?? '',
    secretId: grant.provider_config_id,
  });
  const known = own.find((each) => each.grant.id === grant.grant_id);
  if (!known) return null;
  return { grant_id: known.grant.id, label: known.grant.label, is_replaceable: known.owner === 'end_user' };
}
