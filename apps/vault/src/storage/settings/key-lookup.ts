import { type Kysely, sql } from 'kysely';
import { createBatchedRead } from '../database/postgres/batched-read.js';
import { prepareQuery } from '../database/prepared-query.js';
import { prepareRead } from '../database/sqlite/prepared-read.js';
import { createRowCache } from '../database/sqlite/row-cache.js';
import type { Storage } from '../database/storage.js';
import type { Tables } from '../tables.js';

/** An API key with what of its app every request needs; times in ms. */
export interface ApiKeyRow {
  readonly id: string;
  readonly app_id: string;
  readonly app_version: number;
  readonly key_prefix: string;
  readonly sealed_signing_key: Buffer;
  readonly scopes_json: string | null;
  readonly cidr_allowlist_json: string | null;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
}

/** Finds an API key by its lookup digest (K5). */
export type KeyLookup = (digest: string) => ApiKeyRow | undefined | Promise<ApiKeyRow | undefined>;

/**
 * Prepares the lookup: a query by a unique key, compiled once; on PostgreSQL one for all requests of a turn. Every signed request asks, so that a key taken back is refused from
 * the next request on at every process; on SQLite the answer is kept for as long as nothing is committed.
 */
export function prepareKeyLookup(storage: Storage): KeyLookup {
  if (storage.native.kind === 'postgres') {
    const find = prepareQuery<[readonly string[]], ApiKeyRow & { lookup_digest: string }>(
      storage,
      (db, parameter) =>
        selectKeys(db)
          .select('api_keys.lookup_digest')
          .where('api_keys.lookup_digest', '=', sql<string>`any(${parameter(0)}::text[])`),
    );
    return createBatchedRead<string, ApiKeyRow>(async (digests) => {
      const rows = await find([...new Set(digests)]);
      const found = new Map(rows.map((row) => [row.lookup_digest, row]));
      return digests.map((digest) => found.get(digest));
    });
  }
  const { native } = storage;
  const keys = prepareRead<[string], ApiKeyRow>(
    native,
    selectKeys(storage.db).where('api_keys.lookup_digest', '=', '').compile().sql,
  );
  const kept = createRowCache<ApiKeyRow>(native.changes);
  return (digest) => kept.find(digest, () => keys.get(digest));
}

function selectKeys(db: Kysely<Tables>) {
  return db.selectFrom('api_keys').select((columns) => [
    'api_keys.id',
    'api_keys.app_id',
    // No join: one on a bound value makes SQLite prepare the statement anew at each run.
    columns
      .selectFrom('apps')
      .whereRef('apps.id', '=', 'api_keys.app_id')
      .select('apps.version')
      .$asScalar()
      .$notNull()
      .as('app_version'),
    'api_keys.key_prefix',
    'api_keys.sealed_signing_key',
    'api_keys.scopes_json',
    'api_keys.cidr_allowlist_json',
    'api_keys.expires_at',
    'api_keys.revoked_at',
  ]);
}
