import type { Selectable } from 'kysely';
import type { Storage } from '../database/storage.js';
import type {
  ApiKeyTable,
  AppTable,
  IdentityProviderTable,
  PolicyTable,
  ProviderConfigTable,
} from '../tables/settings-tables.js';
import { listAppWebhooks, type WebhookRow } from '../webhooks/webhook-rows.js';
import { SettingsConflictError } from './app-writes.js';

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
  /** Providers of the second kind: managed secrets. */
  readonly managedSecrets: readonly ProviderConfigRow[];
  readonly identityProvider: IdentityProviderRow | null;
  readonly policies: readonly PolicyRow[];
  readonly webhooks: readonly WebhookRow[];
}

const readAttemptsMax = 10;

/**
 * Reads all settings of one app, of one version. No transaction: every change makes the next version in its own commit, so what
 * was read between two looks at the same version belongs together, and no reader holds up a writer.
 */
export async function readAppRows(
  storage: Storage,
  by: { readonly appId: string } | { readonly slug: string },
): Promise<AppRows | undefined> {
  const { db } = storage;
  const column = 'appId' in by ? 'id' : 'slug';
  const wanted = 'appId' in by ? by.appId : by.slug;
  for (let attempt = 0; attempt < readAttemptsMax; attempt += 1) {
    const app = await db.selectFrom('apps').selectAll().where(column, '=', wanted).executeTakeFirst();
    if (!app) return undefined;
    const ofApp = { app_id: app.id };
    const apiKeys = await db
      .selectFrom('api_keys')
      .selectAll()
      .where((eb) => eb.and(ofApp))
      .orderBy('id')
      .execute();
    const configurations = await db
      .selectFrom('provider_configs')
      .selectAll()
      .where((eb) => eb.and(ofApp))
      .orderBy('id')
      .execute();
    const policies = await db
      .selectFrom('policies')
      .selectAll()
      .where((eb) => eb.and(ofApp))
      .orderBy('id')
      .execute();
    const identityProvider = await db
      .selectFrom('identity_providers')
      .selectAll()
      .where('app_id', '=', app.id)
      .executeTakeFirst();
    const webhooks = await listAppWebhooks(storage, app.id);
    if ((await readAppVersion(storage, app.id)) === app.version) {
      const ofKind = (kind: ProviderConfigRow['kind']) => configurations.filter((row) => row.kind === kind);
      return {
        app,
        apiKeys,
        providers: ofKind('oauth'),
        managedSecrets: ofKind('managed_secret'),
        identityProvider: identityProvider ?? null,
        policies,
        webhooks,
      };
    }
  }
  throw new SettingsConflictError();
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
