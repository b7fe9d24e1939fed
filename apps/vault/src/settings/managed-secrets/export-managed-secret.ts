import { type SecretDefinition, secretDefinitionSchema } from '../../secrets/definition/secret-definition.js';
import type { Storage } from '../../storage/database/storage.js';
import { listFieldNames, listSecretCredentials } from '../../storage/secrets/secret-credentials.js';
import { listSecretGrants } from '../../storage/secrets/secret-grants.js';
import type { ProviderConfigRow } from '../../storage/settings/app-rows.js';
import { defaultCredentialLabel, writeSecretValues } from './managed-secret-schema.js';

/** Names the variable that a value is read from in the exported file. */
type NameVariable = (...parts: string[]) => { env: string };

/**
 * A managed secret as an entry of the file, with the grants that a file made; values stand as `{ env }` by their names, which
 * an export cannot know but from the definition. Undefined for one that was taken out.
 */
export async function exportManagedSecret(
  storage: Storage,
  row: ProviderConfigRow,
  nameVariable: NameVariable,
): Promise<Record<string, unknown> | undefined> {
  const stored: unknown = JSON.parse(row.overrides_json);
  if (stored === null) return undefined;
  const definition = secretDefinitionSchema.parse(stored);
  const credentials = await listSecretCredentials(storage, row.app_id, row.id);
  const labels = new Map(credentials.map((credential) => [credential.id, credential.label ?? '']));
  const locked = new Set(credentials.filter((each) => each.is_proxy_only !== 0).map(({ id }) => id));
  const grants = (await listSecretGrants(storage, row.app_id, row.id)).filter(({ policy_json: policy }) =>
    Boolean((JSON.parse(policy ?? '{}') as { is_from_file?: unknown }).is_from_file),
  );
  const [first] = credentials;
  const isOne = credentials.length === 1 && first?.label === defaultCredentialLabel;
  const listed = credentials.map((credential) => ({
    label: credential.label,
    ...exportValues(listFieldNames(credential), (name) =>
      nameVariable(row.provider_id, ...(isOne ? [] : [credential.label ?? '']), name),
    ),
  }));
  const { label: _label, ...only } = listed[0] ?? { label: null };
  return {
    ...describeDefinition(row.provider_id, definition),
    ...(isOne ? only : listed.length > 0 ? { credentials: listed } : {}),
    grants: grants.map((grant) => ({
      principal:
        grant.principal_type === 'group'
          ? { type: 'group', group: grant.principal_id.slice(grant.principal_id.indexOf(' ') + 1) }
          : { type: 'system' },
      label: grant.label,
      credential: labels.get(grant.credential_id),
      ...(locked.has(grant.credential_id) ? { proxy_only: true } : {}),
    })),
  };
}

/** The definition as an entry of the file has it. */
export function describeDefinition(slug: string, definition: SecretDefinition): Record<string, unknown> {
  const { name, kind, template, required_headers, hosts, allowed_networks, region, service } = definition;
  return {
    slug,
    name,
    ...(template === null ? {} : { template }),
    kind,
    ...exportPlacements(definition),
    ...(Object.keys(required_headers).length > 0 ? { required_headers } : {}),
    hosts,
    ...(allowed_networks.length > 0 ? { allowed_networks } : {}),
    ...(region === null ? {} : { region }),
    ...(service === null ? {} : { service }),
    ...(definition.proxy_only === true ? { proxy_only: true } : {}),
  };
}

function exportPlacements({ kind, placements }: SecretDefinition): Record<string, unknown> {
  const [first] = placements;
  if (kind === 'api_key') return { header: first?.key, format: first?.format };
  if (kind !== 'custom') return {};
  return {
    injections: placements.map(({ target, key, format }) =>
      target === 'header' ? { header: key, format } : { query: key, format },
    ),
  };
}

function exportValues(
  names: readonly string[],
  read: (name: string) => { env: string },
): Record<string, unknown> {
  return writeSecretValues(Object.fromEntries(names.map((name) => [name, read(name)])));
}
