import { sql } from 'kysely';
import { createBatchedRead } from '../../database/postgres/batched-read.js';
import { prepareQuery } from '../../database/prepared-query.js';
import { prepareRead } from '../../database/sqlite/prepared-read.js';
import { createRowCache } from '../../database/sqlite/row-cache.js';
import type { Storage } from '../../database/storage.js';
import type { CredentialTable, GrantTable } from '../../tables/live-tables.js';

/** A grant together with its credential: all that a call through it needs, in one read by primary key. */
export interface UsableGrant {
  readonly app_id: string;
  readonly grant_id: string;
  readonly provider_id: string;
  readonly provider_config_id: string;
  readonly credential_id: string;
  readonly principal_type: GrantTable['principal_type'];
  readonly principal_id: string;
  readonly grant_status: GrantTable['status'];
  readonly mismatch_json: string | null;
  readonly grant_expires_at: number | null;
  readonly parameters_json: string;
  readonly policy_json: string | null;
  readonly sealed_tokens: Buffer;
  readonly token_generation: string;
  readonly scopes_json: string;
  readonly metadata_json: string;
  readonly access_expires_at: number | null;
  readonly access_issued_at: number;
  readonly has_refresh_token: number;
  readonly is_proxy_only: number;
  readonly is_refresh_forced: number;
  readonly credential_status: CredentialTable['status'];
  readonly death_cause: string | null;
}

type Find = (appId: string, grantId: string) => UsableGrant | undefined | Promise<UsableGrant | undefined>;
const finders = new WeakMap<Storage, Find>();

/** Reads a grant of one app with its credential, as committed now (F7): at once on SQLite, where rows are kept while nothing changes. */
export function findUsableGrant(
  storage: Storage,
  appId: string,
  grantId: string,
): UsableGrant | undefined | Promise<UsableGrant | undefined> {
  let find = finders.get(storage);
  if (!find) {
    find = prepareFind(storage);
    finders.set(storage, find);
  }
  return find(appId, grantId);
}

/** Compiled once: on the hot path building the query would cost more than running it. */
function prepareFind(storage: Storage): Find {
  const { native } = storage;
  if (native.kind === 'sqlite') {
    // Two reads by primary key cost a quarter of one join there. Nothing can be written between them.
    const grants = prepareRead<[string, string], Omit<UsableGrant, keyof CredentialPart>>(
      native,
      storage.db
        .selectFrom('grants as g')
        .select(grantColumns)
        .where('g.app_id', '=', '')
        .where('g.id', '=', '')
        .compile().sql,
    );
    const credentials = prepareRead<[string, string], CredentialPart>(
      native,
      storage.db
        .selectFrom('credentials as c')
        .select(credentialColumns)
        .where('c.app_id', '=', '')
        .where('c.id', '=', '')
        .compile().sql,
    );
    const kept = createRowCache<UsableGrant>(native.changes);
    const read = (appId: string, grantId: string): UsableGrant | undefined => {
      const grant = grants.get(appId, grantId);
      const credential = grant && credentials.get(appId, grant.credential_id);
      return credential && { ...grant, ...credential };
    };
    return (appId, grantId) => {
      const found = kept.find(grantId, () => read(appId, grantId));
      // Kept for another app: not this one's to see (T2).
      return found === undefined || found.app_id === appId ? found : read(appId, grantId);
    };
  }
  const findJoined = prepareQuery<[readonly string[], readonly string[]], UsableGrant>(
    storage,
    (db, parameter) =>
      db
        .selectFrom('grants as g')
        .innerJoin('credentials as c', (join) =>
          join.onRef('c.app_id', '=', 'g.app_id').onRef('c.id', '=', 'g.credential_id'),
        )
        .select([...grantColumns, ...credentialColumns])
        .where(
          sql<boolean>`(g.app_id, g.id) in (select * from unnest(${parameter(0)}::text[], ${parameter(1)}::text[]))`,
        ),
  );
  const read = createBatchedRead<GrantKey, UsableGrant>(async (keys) => {
    const rows = await findJoined(
      keys.map(({ appId }) => appId),
      keys.map(({ grantId }) => grantId),
    );
    const found = new Map(rows.map((row) => [`${row.app_id} ${row.grant_id}`, row]));
    return keys.map(({ appId, grantId }) => found.get(`${appId} ${grantId}`));
  });
  return (appId, grantId) => read({ appId, grantId });
}

interface GrantKey {
  readonly appId: string;
  readonly grantId: string;
}

const grantColumns = [
  'g.app_id',
  'g.id as grant_id',
  'g.provider_id',
  'g.provider_config_id',
  'g.credential_id',
  'g.principal_type',
  'g.principal_id',
  'g.status as grant_status',
  'g.mismatch_json',
  'g.expires_at as grant_expires_at',
  'g.parameters_json',
  'g.policy_json',
] as const;

const credentialColumns = [
  'c.sealed_tokens',
  'c.token_generation',
  'c.scopes_json',
  'c.metadata_json',
  'c.access_expires_at',
  'c.access_issued_at',
  'c.has_refresh_token',
  'c.is_proxy_only',
  'c.is_refresh_forced',
  'c.status as credential_status',
  'c.death_cause',
] as const;

type CredentialPart = Pick<
  UsableGrant,
  | 'sealed_tokens'
  | 'token_generation'
  | 'scopes_json'
  | 'metadata_json'
  | 'access_expires_at'
  | 'access_issued_at'
  | 'has_refresh_token'
  | 'is_proxy_only'
  | 'is_refresh_forced'
  | 'credential_status'
  | 'death_cause'
>;
