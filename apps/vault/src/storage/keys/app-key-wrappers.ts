import { sql, type Transaction } from 'kysely';
import type { Storage } from '../database/storage.js';
import type { Tables } from '../tables.js';

/** A root key that an app's key was under. */
export interface FormerWrapper {
  /** Empty where nobody knows which. */
  readonly keyId: string;
  /** Until then it was. */
  readonly leftAtMs: number;
}

/** Notes, in the transaction that puts an app's key under another root key, which one it leaves. */
export async function noteFormerWrapper(
  trx: Transaction<Tables>,
  left: { readonly appId: string; readonly keyId: string; readonly nowMs: number },
): Promise<void> {
  await sql`insert into app_key_wrappers (app_id, key_id, left_at) values (${left.appId}, ${left.keyId}, ${left.nowMs})
    on conflict (app_id, key_id) do update set left_at = excluded.left_at`.execute(trx);
}

/** Every root key that an app's key was under before, the last one first. */
export async function listFormerWrappers(storage: Storage, appId: string): Promise<FormerWrapper[]> {
  const rows = await storage.db
    .selectFrom('app_key_wrappers')
    .selectAll()
    .where('app_id', '=', appId)
    .orderBy('left_at', 'desc')
    .execute();
  return rows.map((row) => ({ keyId: row.key_id, leftAtMs: row.left_at }));
}
