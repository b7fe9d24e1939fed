import type { Storage } from '../../database/storage.js';
import type { CredentialRow } from '../credentials.js';
import type { GrantRow } from '../grants/grants.js';

/** Of one page: what happened up to `untilMs`. */
interface Page {
  readonly untilMs: number;
  readonly limit: number;
}

/** Grants that were made or reauthorized, and of which nobody has looked yet whether that is on record, oldest first. */
export function listUnrecorded(storage: Storage, table: 'grants', page: Page): Promise<GrantRow[]>;
/** The same of credentials that died. */
export function listUnrecorded(storage: Storage, table: 'credentials', page: Page): Promise<CredentialRow[]>;
export function listUnrecorded(
  storage: Storage,
  table: 'grants' | 'credentials',
  page: Page,
): Promise<(GrantRow | CredentialRow)[]> {
  return storage.db
    .selectFrom(table)
    .selectAll()
    .where('unrecorded_since', 'is not', null)
    .where('unrecorded_since', '<=', page.untilMs)
    .orderBy('unrecorded_since')
    .orderBy('app_id')
    .orderBy('id')
    .limit(page.limit)
    .execute();
}

/** Every grant on a credential, ended ones included, newest first. */
export function listCredentialGrants(storage: Storage, credential: CredentialRow): Promise<GrantRow[]> {
  return storage.db
    .selectFrom('grants')
    .selectAll()
    .where('app_id', '=', credential.app_id)
    .where('credential_id', '=', credential.id)
    .orderBy('id', 'desc')
    .limit(100)
    .execute();
}

/** Notes that it is on record; what has happened again meanwhile stays. */
export async function storeRecorded(
  storage: Storage,
  table: 'grants' | 'credentials',
  row: { readonly app_id: string; readonly id: string; readonly unrecorded_since: number | null },
): Promise<void> {
  await storage.db
    .updateTable(table)
    .set({ unrecorded_since: null })
    .where('app_id', '=', row.app_id)
    .where('id', '=', row.id)
    .where('unrecorded_since', '=', row.unrecorded_since)
    .execute();
}
