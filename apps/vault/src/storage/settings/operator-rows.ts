import { sql } from 'kysely';
import type { Storage } from '../database/storage.js';

/** The app that a grant belongs to, for operators, who name a grant alone. */
export async function findAppOfGrant(storage: Storage, grantId: string): Promise<string | undefined> {
  const row = await storage.db
    .selectFrom('grants')
    .select('app_id')
    .where('id', '=', grantId)
    .executeTakeFirst();
  return row?.app_id;
}

/** What a list of API keys shows; nothing secret. */
export interface ListedApiKey {
  readonly id: string;
  readonly app: string;
  readonly name: string;
  readonly key_prefix: string;
  readonly scopes_json: string | null;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  readonly created_at: number;
}

/** The API keys of all apps, or of one. */
export function listApiKeys(storage: Storage, slug?: string): Promise<ListedApiKey[]> {
  let query = storage.db
    .selectFrom('api_keys')
    .innerJoin('apps', 'apps.id', 'api_keys.app_id')
    .select([
      'api_keys.id',
      'apps.slug as app',
      'api_keys.name',
      'api_keys.key_prefix',
      'api_keys.scopes_json',
      'api_keys.expires_at',
      'api_keys.revoked_at',
      'api_keys.created_at',
    ])
    .orderBy('apps.slug')
    .orderBy('api_keys.id');
  if (slug !== undefined) query = query.where('apps.slug', '=', slug);
  return query.execute();
}

/** The database's own clock, in ms; of SQLite that of this machine. */
export async function readDatabaseClock(storage: Storage): Promise<number> {
  const query =
    storage.kind === 'postgres'
      ? sql<{ now_ms: number }>`select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms`
      : sql<{ now_ms: number }>`select cast((julianday('now') - 2440587.5) * 86400000 as integer) as now_ms`;
  const [row] = (await query.execute(storage.db)).rows;
  return Number(row?.now_ms ?? 0);
}
