import { sql } from 'kysely';
import type { Storage } from '../../database/storage.js';
import { type CredentialRow, findCredential } from '../credentials.js';
import type { GrantRow } from '../grants.js';

/** Revoked grants whose provider has yet to be told, and whose time has come; the longest due first. */
export function listPendingRevocations(storage: Storage, limit: number): Promise<GrantRow[]> {
  return storage.db
    .selectFrom('grants')
    .selectAll()
    .where('revocation_due_at', 'is not', null)
    .where('revocation_due_at', '<=', storage.sharedNow())
    .orderBy('revocation_due_at')
    .orderBy('app_id')
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** The credential that ended with a grant; undefined where another grant still uses it, or its secrets are gone. */
export async function findEndedCredential(
  storage: Storage,
  grant: GrantRow,
): Promise<CredentialRow | undefined> {
  const key = { appId: grant.app_id, credentialId: grant.credential_id };
  const credential = await findCredential(storage.db, key);
  return credential?.status === 'revoked' && credential.sealed_tokens.length > 0 ? credential : undefined;
}

/** Keeps what the provider said. `retryInMs` undefined: that was the last word. */
export async function storeRevocationResult(
  storage: Storage,
  grant: GrantRow,
  result: string,
  retryInMs: number | undefined,
): Promise<void> {
  await storage.db
    .updateTable('grants')
    .set({
      revocation_result: result,
      revocation_due_at:
        retryInMs === undefined ? null : sql<number>`${storage.sharedNow()} + ${Math.round(retryInMs)}`,
      revocation_attempts: sql<number>`coalesce(revocation_attempts, 0) + 1`,
    })
    .where('app_id', '=', grant.app_id)
    .where('id', '=', grant.id)
    .execute();
}
