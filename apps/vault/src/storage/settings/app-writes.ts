import type { Insertable, Transaction, Updateable } from 'kysely';
import type {
  ApiKeyTable,
  AppTable,
  IdentityProviderTable,
  PolicyTable,
  ProviderConfigTable,
} from '../tables/settings-tables.js';
import type { Tables } from '../tables.js';

/** One change of the settings, made inside the transaction of all. */
export type SettingsWrite = (trx: Transaction<Tables>) => Promise<void>;

/** Somebody else changed the app since it was read: plan again. */
export class SettingsConflictError extends Error {
  readonly code = 'settings_conflict';

  constructor() {
    super('The settings were changed by somebody else at the same time.');
    this.name = 'SettingsConflictError';
  }
}

/** Makes an app. */
export function insertApp(row: Insertable<AppTable>): SettingsWrite {
  return async (trx) => {
    const result = await trx
      .insertInto('apps')
      .values(row)
      .onConflict((conflict) => conflict.column('slug').doNothing())
      .executeTakeFirst();
    if (result.numInsertedOrUpdatedRows !== 1n) throw new SettingsConflictError();
  };
}

/** Changes an app and makes its next version, if nobody did since `version`. */
export function updateApp(
  appId: string,
  version: number,
  changes: Pick<Updateable<AppTable>, 'name' | 'settings_json' | 'updated_at'>,
): SettingsWrite {
  return async (trx) => {
    const result = await trx
      .updateTable('apps')
      .set({ ...changes, version: version + 1 })
      .where('id', '=', appId)
      .where('version', '=', version)
      .executeTakeFirst();
    if (result.numUpdatedRows !== 1n) throw new SettingsConflictError();
  };
}

/** Stores an API key. */
export function insertApiKey(row: Insertable<ApiKeyTable>): SettingsWrite {
  return async (trx) => {
    const result = await trx
      .insertInto('api_keys')
      .values(row)
      .onConflict((conflict) => conflict.column('lookup_digest').doNothing())
      .executeTakeFirst();
    if (result.numInsertedOrUpdatedRows !== 1n) throw new SettingsConflictError();
  };
}

/** Changes an API key; `revoked_at` takes it out of use from the next request on. */
export function updateApiKey(appId: string, id: string, changes: Updateable<ApiKeyTable>): SettingsWrite {
  return async (trx) => {
    await trx.updateTable('api_keys').set(changes).where('app_id', '=', appId).where('id', '=', id).execute();
  };
}

/** Stores a provider configuration. */
export function insertProvider(row: Insertable<ProviderConfigTable>): SettingsWrite {
  return async (trx) => {
    await trx.insertInto('provider_configs').values(row).execute();
  };
}

/** Changes a provider configuration. */
export function updateProvider(
  appId: string,
  id: string,
  changes: Updateable<ProviderConfigTable>,
): SettingsWrite {
  return async (trx) => {
    await trx
      .updateTable('provider_configs')
      .set(changes)
      .where('app_id', '=', appId)
      .where('id', '=', id)
      .execute();
  };
}

/** Takes a provider configuration out of use; its row stays while credentials that were obtained with it do. */
export function removeProvider(appId: string, id: string, nowMs: number): SettingsWrite {
  return async (trx) => {
    const used = await trx
      .selectFrom('credentials')
      .select('id')
      .where('app_id', '=', appId)
      .where('provider_config_id', '=', id)
      .limit(1)
      .executeTakeFirst();
    if (used) {
      const changes = { client_id: null, sealed_client_secrets: null, updated_at: nowMs };
      await updateProvider(appId, id, changes)(trx);
      return;
    }
    await trx
      .deleteFrom('authorizations')
      .where('app_id', '=', appId)
      .where('provider_config_id', '=', id)
      .execute();
    await trx.deleteFrom('provider_configs').where('app_id', '=', appId).where('id', '=', id).execute();
  };
}

/** Stores an identity provider. */
export function insertIdentityProvider(row: Insertable<IdentityProviderTable>): SettingsWrite {
  return async (trx) => {
    await trx.insertInto('identity_providers').values(row).execute();
  };
}

/** Changes an identity provider, or takes it out (`changes` null). */
export function updateIdentityProvider(
  appId: string,
  id: string,
  changes: Updateable<IdentityProviderTable> | null,
): SettingsWrite {
  return async (trx) => {
    if (changes === null) {
      await trx.deleteFrom('identity_providers').where('app_id', '=', appId).where('id', '=', id).execute();
      return;
    }
    await trx
      .updateTable('identity_providers')
      .set(changes)
      .where('app_id', '=', appId)
      .where('id', '=', id)
      .execute();
  };
}

/** Stores a policy. */
export function insertPolicy(row: Insertable<PolicyTable>): SettingsWrite {
  return async (trx) => {
    await trx.insertInto('policies').values(row).execute();
  };
}

/** Changes a policy, or takes it out (`changes` null). */
export function updatePolicy(
  appId: string,
  id: string,
  changes: Updateable<PolicyTable> | null,
): SettingsWrite {
  return async (trx) => {
    if (changes === null) {
      await trx.deleteFrom('policies').where('app_id', '=', appId).where('id', '=', id).execute();
      return;
    }
    await trx.updateTable('policies').set(changes).where('app_id', '=', appId).where('id', '=', id).execute();
  };
}
