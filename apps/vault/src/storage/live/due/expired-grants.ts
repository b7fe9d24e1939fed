import { sql } from 'kysely';
import type { Storage } from '../../database/storage.js';
import type { GrantRow } from '../grants/grants.js';

/** Grants whose own lifetime is over and that are not yet on record as expired, the longest over first. */
export function listExpiredGrants(storage: Storage, nowMs: number, limit: number): Promise<GrantRow[]> {
  return (
    storage.db
      .selectFrom('grants')
      .selectAll()
      .where('expires_at', 'is not', null)
      // Written out, as in the partial index that serves it.
      .where(sql<boolean>`expiry_record_state < 2`)
      .where(sql<boolean>`status = 'active'`)
      .where('expires_at', '<=', nowMs)
      .orderBy('expires_at')
      .orderBy('app_id')
      .orderBy('id')
      .limit(limit)
      .execute()
  );
}

/** Keeps how far the record of grants' expiry has come; a grant that got another end meanwhile stays as it is. */
export async function storeExpiryRecordState(
  storage: Storage,
  grants: readonly GrantRow[],
  state: 1 | 2,
): Promise<void> {
  await storage.transaction(async (trx) => {
    for (const grant of grants) {
      await trx
        .updateTable('grants')
        .set({ expiry_record_state: state })
        .where('app_id', '=', grant.app_id)
        .where('id', '=', grant.id)
        .where('expires_at', '=', grant.expires_at)
        .execute();
    }
  });
}
