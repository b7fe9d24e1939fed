import { sql, type Transaction } from 'kysely';
import type { Storage } from '../../database/storage.js';
import type { Tables } from '../../tables.js';
import { noDeath } from '../credentials.js';
import { type GrantRow, holdGrant } from '../grants/grants.js';

/**
 * Marks a grant revoked, and with its last grant the credential, so that a refresh under way cannot revive it. That the
 * provider has yet to be told is kept with the grant (`finishRevocation`), due in `dueInMs` if the caller does not get there.
 * Of several grants on one credential that are revoked at once, one ends it.
 * @returns undefined when there is no such live grant
 */
export async function storeRevocation(
  storage: Storage,
  trx: Transaction<Tables>,
  input: {
    appId: string;
    grantId: string;
    userId: string | undefined;
    revokedBy: string;
    nowMs: number;
    dueInMs: number;
  },
): Promise<GrantRow | undefined> {
  const { appId, grantId, nowMs } = input;
  if (!(await holdGrant(trx, appId, grantId))) return undefined;
  let update = trx
    .updateTable('grants')
    .set({
      status: 'revoked',
      revoked_at: nowMs,
      revoked_by: input.revokedBy,
      revocation_due_at: sql<number>`${storage.sharedNow()} + ${input.dueInMs}`,
      revocation_attempts: 0,
    })
    .where('app_id', '=', appId)
    .where('id', '=', grantId)
    .where('status', '=', 'active');
  if (input.userId !== undefined) {
    update = update.where('principal_type', '=', 'user').where('principal_id', '=', input.userId);
  }
  const grant = await update.returningAll().executeTakeFirst();
  if (!grant) return undefined;
  const other = await trx
    .selectFrom('grants')
    .select('id')
    .where('app_id', '=', appId)
    .where('credential_id', '=', grant.credential_id)
    .where('status', '=', 'active')
    .limit(1)
    .executeTakeFirst();
  if (other) return grant;
  // What the developer stored is there for the next grant too; what a user entered goes with its last grant.
  await trx
    .updateTable('credentials')
    .set({
      ...noDeath,
      status: 'revoked',
      renew_at: null,
      lease_holder: null,
      lease_deadline: null,
      updated_at: nowMs,
    })
    .where('app_id', '=', appId)
    .where('id', '=', grant.credential_id)
    .where((is) => is.or([is('owner', 'is', null), is('owner', '=', 'end_user')]))
    .execute();
  return grant;
}

/** Whether another live grant, of any user and app, rests on the same provider account and the same client. */
export async function hasLiveGrantOfAccount(
  storage: Storage,
  grant: Pick<GrantRow, 'app_id' | 'provider_config_id' | 'issuer' | 'subject'>,
): Promise<boolean> {
  const row = await storage.db
    .selectFrom('provider_configs as own')
    .innerJoin('provider_configs as config', (join) =>
      join
        .onRef('config.client_id', '=', 'own.client_id')
        .onRef('config.provider_id', '=', 'own.provider_id'),
    )
    // Cross joins are what SQLite does in the order in which they are written: it would read all live grants first.
    .crossJoin('grants as other')
    .select('other.id')
    .where('own.app_id', '=', grant.app_id)
    .where('own.id', '=', grant.provider_config_id)
    .whereRef('other.app_id', '=', 'config.app_id')
    .whereRef('other.provider_config_id', '=', 'config.id')
    .where('other.issuer', '=', grant.issuer)
    .where('other.subject', '=', grant.subject)
    // Written out, as in the partial index that serves it.
    .where(sql<boolean>`other.status = 'active'`)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
