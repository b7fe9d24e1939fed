import type { Selectable } from 'kysely';
import type { Storage } from '../database/storage.js';
import type {
  ApiKeyTable,
  AppTable,
  IdentityProviderTable,
  PolicyTable,
  ProviderConfigTable,
} from '../tables.js';

/** A stored app. */
export type AppRow = Selectable<AppTable>;
/** A stored API key. */
export type StoredApiKey = Selectable<ApiKeyTable>;
/** A stored provider configuration. */
export type ProviderConfigRow = Selectable<ProviderConfigTable>;
/** A stored identity provider. */
export type IdentityProviderRow = Selectable<IdentityProviderTable>;
/** A stored policy. */
export type PolicyRow = Selectable<PolicyTable>;

/** Everything that belongs to the settings of one app, read at one moment. */
export interface AppRows {
  readonly app: AppRow;
  readonly apiKeys: readonly StoredApiKey[];
  readonly providers: readonly ProviderConfigRow[];
  readonly identityProvider: IdentityProviderRow | null;
  readonly policies: readonly PolicyRow[];
}

/** Reads all settings of one app in one transaction, so that they are of one version. */
export function readAppRows(
  storage: Storage,
  by: { readonly appId: string } | { readonly slug: string },
): Promise<AppRows | undefined> {
  return storage.transaction(async (trx) => {
    const app = await trx
      .selectFrom('apps')
      .selectAll()
      .where('appId' in by ? 'id' : 'slug', '=', 'appId' in by ? by.appId : by.slug)
      .executeTakeFirst();
    if (!app) return undefined;
    const apiKeys = await trx
      .selectFrom('api_keys')
      .selectAll()
      .where('app_id', '=', app.id)
      .orderBy('id')
      .execute();
    const providers = await trx
      .selectFrom('provider_configs')
      .selectAll()
      .where('app_id', '=', app.id)
      .orderBy('id')
      .execute();
    const identityProvider = await trx
      .selectFrom('identity_providers')
      .selectAll()
      .where('app_id', '=', app.id)
      .executeTakeFirst();
    const policies = await trx
      .selectFrom('policies')
      .selectAll()
      .where('app_id', '=', app.id)
      .orderBy('id')
      .execute();
    return { app, apiKeys, providers, identityProvider: identityProvider ?? null, policies };
  });
}

/** The current version of an app's settings, or undefined when there is no such app. */
export async function readAppVersion(storage: Storage, appId: string): Promise<number | undefined> {
  const row = await storage.db
    .selectFrom('apps')
    .select('version')
    .where('id', '=', appId)
    .executeTakeFirst();
  return row?.version;
}

/** All apps, in the order of their making. */
export function listAppRows(storage: Storage): Promise<AppRow[]> {
  return storage.db.selectFrom('apps').selectAll().orderBy('id').execute();
}

/** The key with this lookup digest, of whatever app. */
export function findApiKeyByDigest(storage: Storage, digest: string): Promise<StoredApiKey | undefined> {
  return storage.db.selectFrom('api_keys').selectAll().where('lookup_digest', '=', digest).executeTakeFirst();
}
