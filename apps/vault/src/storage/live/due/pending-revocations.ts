import { sql } from 'kysely';
import type { Storage } from '../../database/storage.js';
import { type CredentialRow, findCredential, wipeCredential } from '../credentials.js';
import type { GrantRow } from '../grants/grants.js';

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

/** How an attempt to tell a provider of a revocation ended. */
export interface RevocationOutcome {
  readonly result: string;
  /** When it is tried again; undefined: that was the last word, and the secrets go with the same commit. */
  readonly retryInMs: number | undefined;
  /** The credential as it was when its tokens were sent. */
  readonly credential: CredentialRow | undefined;
  readonly nowMs: number;
}

/**
 * Keeps what the provider said.
 * @returns false when other tokens have come meanwhile (`keepLateTokens`), and nothing was changed: they are to be ended too
 */
export function storeRevocationResult(
  storage: Storage,
  grant: GrantRow,
  outcome: RevocationOutcome,
): Promise<boolean> {
  const { result, retryInMs, credential, nowMs } = outcome;
  return storage.transaction(async (trx) => {
    if (credential && retryInMs === undefined) {
      const key = { appId: credential.app_id, credentialId: credential.id };
      if (!(await wipeCredential(trx, key, credential.generation, nowMs))) return false;
    }
    await trx
      .updateTable('grants')
      .set({
        revocation_result: result,
        revocation_due_at: retryInMs === undefined ? null : addToNow(storage, retryInMs),
        revocation_attempts: sql<number>`coalesce(revocation_attempts, 0) + 1`,
      })
      .where('app_id', '=', grant.app_id)
      .where('id', '=', grant.id)
      .execute();
    return true;
  });
}

/** Tokens that a provider made out of a revoked credential's. */
export interface LateTokens {
  readonly appId: string;
  readonly credentialId: string;
  readonly sealedTokens: Buffer;
  /** The generation that they follow. */
  readonly generation: number;
  readonly nowMs: number;
  /** When the job ends them, if nobody does before. */
  readonly dueInMs: number;
}

/**
 * Keeps new tokens of a revoked credential in the place of their predecessors, for no other use than to be ended: the grant that was
 * revoked last is due again. Only their generation is raised, so that no attempt under way takes them for the ones that it has sent.
 * @returns that grant as it was; undefined when the credential is not revoked, or has newer tokens that are yet to be ended
 */
export function keepLateTokens(storage: Storage, late: LateTokens): Promise<GrantRow | undefined> {
  return storage.transaction(async (trx) => {
    const kept = await trx
      .updateTable('credentials')
      .set((row) => ({
        sealed_tokens: late.sealedTokens,
        generation: row('generation', '+', 1),
        updated_at: late.nowMs,
      }))
      .where('app_id', '=', late.appId)
      .where('id', '=', late.credentialId)
      .where('status', '=', 'revoked')
      .where((is) =>
        is.or([is('generation', '=', late.generation), is('sealed_tokens', '=', Buffer.alloc(0))]),
      )
      .executeTakeFirst();
    if (kept.numUpdatedRows === 0n) return undefined;
    const grant = await trx
      .selectFrom('grants')
      .selectAll()
      .where('app_id', '=', late.appId)
      .where('credential_id', '=', late.credentialId)
      .where('status', '=', 'revoked')
      .orderBy('revoked_at', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (!grant) return undefined;
    const dueAt = addToNow(storage, late.dueInMs);
    await trx
      .updateTable('grants')
      .set({
        revocation_due_at: sql<number>`case when revocation_due_at < ${dueAt} then revocation_due_at else ${dueAt} end`,
      })
      .where('app_id', '=', grant.app_id)
      .where('id', '=', grant.id)
      .execute();
    return grant;
  });
}

function addToNow(storage: Storage, ms: number) {
  return sql<number>`${storage.sharedNow()} + ${Math.round(ms)}`;
}
