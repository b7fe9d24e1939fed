import type { Storage } from '../../database/storage.js';

/** A credential whose renewal is due, or not planned yet. */
export interface DueRenewal {
  readonly app_id: string;
  readonly id: string;
  readonly provider_config_id: string;
  readonly generation: number;
  readonly access_issued_at: number;
  readonly refresh_expires_at: number | null;
  readonly has_refresh_token: number;
  readonly renew_at: number | null;
}

/** The grant that a credential is renewed for. */
export interface RenewedGrant {
  readonly app_id: string;
  readonly id: string;
  readonly credential_id: string;
  readonly parameters_json: string;
}

/** One page of due credentials in the order of their index, after `after`. */
export function listDueRenewals(
  storage: Storage,
  page: { nowMs: number; after: DueRenewal | null; limit: number },
): Promise<DueRenewal[]> {
  const { after } = page;
  let query = storage.db
    .selectFrom('credentials')
    .select([
      'app_id',
      'id',
      'provider_config_id',
      'generation',
      'access_issued_at',
      'refresh_expires_at',
      'has_refresh_token',
      'renew_at',
    ])
    .where('renew_at', 'is not', null)
    .where('renew_at', '<=', page.nowMs)
    .where('status', '=', 'active');
  if (after) {
    query = query.where((is) =>
      is(is.refTuple('renew_at', 'app_id', 'id'), '>', is.tuple(after.renew_at ?? 0, after.app_id, after.id)),
    );
  }
  return query.orderBy('renew_at').orderBy('app_id').orderBy('id').limit(page.limit).execute();
}

/** One live grant for each of the credentials that have any. */
export async function findRenewedGrants(
  storage: Storage,
  credentials: readonly DueRenewal[],
  nowMs: number,
): Promise<Map<string, RenewedGrant>> {
  if (credentials.length === 0) return new Map();
  const rows = await storage.db
    .selectFrom('grants')
    .select(['app_id', 'id', 'credential_id', 'parameters_json'])
    .where('app_id', 'in', [...new Set(credentials.map((row) => row.app_id))])
    .where(
      'credential_id',
      'in',
      credentials.map((row) => row.id),
    )
    .where('status', '=', 'active')
    .where((is) => is.or([is('expires_at', 'is', null), is('expires_at', '>', nowMs)]))
    .execute();
  return new Map(rows.map((row) => [row.credential_id, row]));
}

/** Stores when credentials are to be renewed; one that has changed since it was read keeps what it has. */
export async function storeRenewalPlans(
  storage: Storage,
  plans: readonly { credential: DueRenewal; renewAtMs: number | null }[],
): Promise<void> {
  if (plans.length === 0) return;
  await storage.transaction(async (trx) => {
    for (const { credential, renewAtMs } of plans) {
      await trx
        .updateTable('credentials')
        .set({ renew_at: renewAtMs })
        .where('app_id', '=', credential.app_id)
        .where('id', '=', credential.id)
        .where('generation', '=', credential.generation)
        .where('renew_at', '=', credential.renew_at)
        .where('status', '=', 'active')
        .execute();
    }
  });
}

/** Every app with the version of its settings. */
export function listAppVersions(storage: Storage): Promise<{ id: string; version: number }[]> {
  return storage.db.selectFrom('apps').select(['id', 'version']).orderBy('id').execute();
}

/** The facts that the renewals of one app's credentials were planned with, by provider configuration. */
export async function findRenewalFacts(storage: Storage, appId: string): Promise<Map<string, string | null>> {
  const rows = await storage.db
    .selectFrom('provider_configs')
    .select(['id', 'renewal_facts'])
    .where('app_id', '=', appId)
    .execute();
  return new Map(rows.map((row) => [row.id, row.renewal_facts]));
}

/** Keeps the facts once every credential of the configuration is marked (`unplanRenewals`). */
export async function storeRenewalFacts(
  storage: Storage,
  config: { appId: string; configId: string },
  facts: string,
): Promise<void> {
  await storage.db
    .updateTable('provider_configs')
    .set({ renewal_facts: facts })
    .where('app_id', '=', config.appId)
    .where('id', '=', config.configId)
    .execute();
}

/**
 * Marks the next `limit` credentials of one configuration, after `afterId`, for being planned anew.
 * @returns the id of the last one looked at; undefined when there are no more
 */
export async function unplanRenewals(
  storage: Storage,
  config: { appId: string; configId: string },
  page: { afterId: string; limit: number },
): Promise<string | undefined> {
  const rows = await storage.db
    .selectFrom('credentials')
    .select('id')
    .where('app_id', '=', config.appId)
    .where('provider_config_id', '=', config.configId)
    .where('id', '>', page.afterId)
    .orderBy('id')
    .limit(page.limit)
    .execute();
  const last = rows.at(-1)?.id;
  if (last === undefined) return undefined;
  await storage.db
    .updateTable('credentials')
    .set({ renew_at: 0 })
    .where('app_id', '=', config.appId)
    .where('provider_config_id', '=', config.configId)
    .where('id', '>', page.afterId)
    .where('id', '<=', last)
    .where('status', '=', 'active')
    .where('has_refresh_token', '=', 1)
    .execute();
  return last;
}
