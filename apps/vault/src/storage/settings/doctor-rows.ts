import type { Storage } from '../database/storage.js';

/** A provider configuration whose client credentials the provider refuses (R7). */
export interface OpenBreaker {
  readonly app: string;
  readonly provider_id: string;
  readonly config_id: string;
  readonly code: string | null;
  readonly failures: number;
}

/** Every breaker that is not closed; a half-open one counts, since the last word of the provider was a refusal. */
export function listOpenBreakers(storage: Storage): Promise<OpenBreaker[]> {
  return storage.db
    .selectFrom('provider_configs')
    .innerJoin('apps', 'apps.id', 'provider_configs.app_id')
    .select([
      'apps.slug as app',
      'provider_configs.provider_id',
      'provider_configs.id as config_id',
      'provider_configs.breaker_code as code',
      'provider_configs.breaker_failures as failures',
    ])
    .where('provider_configs.breaker_open_until', 'is not', null)
    .orderBy('apps.slug')
    .orderBy('provider_configs.provider_id')
    .execute();
}

/** How many breakers are not closed. */
export async function countOpenBreakers(storage: Storage): Promise<number> {
  const { count } = await storage.db
    .selectFrom('provider_configs')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('breaker_open_until', 'is not', null)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** An API key that ends, or has ended. */
export interface EndingKey {
  readonly app: string;
  readonly name: string;
  readonly key_prefix: string;
  readonly expires_at: number;
}

/** API keys that are not revoked and end before a time, those that ended already among them. */
export async function listEndingKeys(storage: Storage, beforeMs: number): Promise<EndingKey[]> {
  const rows = await storage.db
    .selectFrom('api_keys')
    .innerJoin('apps', 'apps.id', 'api_keys.app_id')
    .select(['apps.slug as app', 'api_keys.name', 'api_keys.key_prefix', 'api_keys.expires_at'])
    .where('api_keys.revoked_at', 'is', null)
    .where('api_keys.expires_at', '<', beforeMs)
    .orderBy('api_keys.expires_at')
    .execute();
  return rows.flatMap((row) => (row.expires_at === null ? [] : [{ ...row, expires_at: row.expires_at }]));
}
