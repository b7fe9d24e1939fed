import type { Logger } from 'pino';
import { type SecretDefinition, secretDefinitionSchema } from '../../secrets/definition/secret-definition.js';
import type { ProviderConfigRow } from '../../storage/settings/app-rows.js';

/** A managed secret as one app has it. */
export interface ManagedSecretSettings {
  /** `managed_secret_id` on the wire. */
  readonly id: string;
  readonly slug: string;
  readonly definition: SecretDefinition;
}

/** Reads a stored managed secret; undefined for one that was taken out, or that this version cannot read. */
export function buildManagedSecret(log: Logger, row: ProviderConfigRow): ManagedSecretSettings | undefined {
  const stored: unknown = JSON.parse(row.overrides_json);
  if (stored === null) return undefined;
  const parsed = secretDefinitionSchema.safeParse(stored);
  if (parsed.success) return { id: row.id, slug: row.provider_id, definition: parsed.data };
  // Written by another version: out of use until its settings are applied again.
  log.error({ appId: row.app_id, slug: row.provider_id }, 'managed secret is not usable');
  return undefined;
}
