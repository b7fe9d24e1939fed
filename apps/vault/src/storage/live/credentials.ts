import { type Selectable, sql, type UpdateObject } from 'kysely';
import type { Executor, Storage } from '../database/storage.js';
import type { CredentialTable } from '../tables/live-tables.js';
import type { Tables } from '../tables.js';

/** A stored credential; its tokens are sealed. */
export type CredentialRow = Selectable<CredentialTable>;
/** A credential with the shared time (`Storage.sharedNow`) at which it was read: what its deadlines are compared with. */
export type CredentialReading = CredentialRow & { readonly read_at: number };

/** Names one credential. */
export interface CredentialKey {
  readonly appId: string;
  readonly credentialId: string;
}

/** A lease as its holder knows it: it holds while holder, lease generation and credential generation are the row's. */
export interface Lease {
  readonly holder: string;
  readonly leaseGeneration: number;
  /** The generation of the token set that is being replaced. */
  readonly generation: number;
}

/** No lease, no intent: what every end of a refresh leaves behind. */
export const released = {
  lease_holder: null,
  lease_deadline: null,
  intent_generation: null,
  intent_hash: null,
  intent_at: null,
  intent_is_replay: 0,
  intent_unsent_lease: null,
} as const;

/** No death: what a revocation leaves too, so that no late answer finds one to undo. */
export const noDeath = { death_cause: null, death_evidence_json: null, died_at: null } as const;

/** Alive, and nothing went wrong: what new tokens make of a credential. */
export const healthy = {
  ...noDeath,
  status: 'active',
  is_refresh_forced: 0,
  retry_at: null,
  failures: 0,
  invalid_grant_at: null,
} as const;

/** Reads a credential. */
export function findCredential(executor: Executor, key: CredentialKey): Promise<CredentialRow | undefined> {
  return executor
    .selectFrom('credentials')
    .selectAll()
    .where('app_id', '=', key.appId)
    .where('id', '=', key.credentialId)
    .executeTakeFirst();
}

/** Reads a credential together with the shared time. */
export function readCredential(storage: Storage, key: CredentialKey): Promise<CredentialReading | undefined> {
  return storage.db
    .selectFrom('credentials')
    .selectAll()
    .select(storage.sharedNow().as('read_at'))
    .where('app_id', '=', key.appId)
    .where('id', '=', key.credentialId)
    .executeTakeFirst();
}

/**
 * Holds a credential's row until the transaction ends. Whoever ends a grant or adds one holds its credential first, so that of two
 * at once the second sees what the first did; grants are locked after it, never before.
 */
export async function holdCredential(trx: Executor, key: CredentialKey): Promise<void> {
  await trx
    .updateTable('credentials')
    .set((row) => ({ updated_at: row.ref('updated_at') }))
    .where('app_id', '=', key.appId)
    .where('id', '=', key.credentialId)
    .execute();
}

/** Whether somebody held the lease when the row was read. */
export function isLeaseLive(row: CredentialReading): boolean {
  return row.lease_holder !== null && row.lease_deadline !== null && row.lease_deadline > row.read_at;
}

/**
 * Takes the lease if nobody holds a live one and the credential is still the one that was read (R2).
 * An open intent of a former holder stays for the new one to judge (R4).
 */
export async function takeLease(
  storage: Storage,
  row: CredentialRow,
  holder: string,
  ttlMs: number,
): Promise<Lease | undefined> {
  const result = await storage.db
    .updateTable('credentials')
    .set({
      lease_holder: holder,
      lease_deadline: addToNow(storage, ttlMs),
      lease_generation: row.lease_generation + 1,
      // What did not reach the provider stays known, should this holder die before its own intent is committed.
      intent_unsent_lease: sql<number | null>`case when intent_unsent_lease = lease_generation
        then lease_generation + 1 else intent_unsent_lease end`,
    })
    .where('app_id', '=', row.app_id)
    .where('id', '=', row.id)
    .where('generation', '=', row.generation)
    .where('lease_generation', '=', row.lease_generation)
    .where('status', '=', 'active')
    .where((is) => is.or([is('lease_holder', 'is', null), is('lease_deadline', '<=', storage.sharedNow())]))
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n) return undefined;
  return { holder, leaseGeneration: row.lease_generation + 1, generation: row.generation };
}

/** Pushes the deadline of a lease that is still held. @returns false when it was lost. */
export function renewLease(
  storage: Storage,
  key: CredentialKey,
  lease: Lease,
  ttlMs: number,
): Promise<boolean> {
  return updateHeld(storage, key, lease, { lease_deadline: addToNow(storage, ttlMs) });
}

/**
 * Commits the intent to call the provider (R3); nothing has been written to the provider yet (`markSent`).
 * @returns false when the lease was lost: do not call.
 */
export function writeIntent(
  storage: Storage,
  key: CredentialKey,
  lease: Lease,
  intent: { refreshTokenHash: string; isReplay: boolean; ttlMs: number },
): Promise<boolean> {
  return updateHeld(storage, key, lease, {
    intent_generation: lease.generation,
    intent_hash: intent.refreshTokenHash,
    // The time of a replay is that of the first request: the provider's window counts from there.
    ...(intent.isReplay ? {} : { intent_at: storage.sharedNow() }),
    intent_is_replay: intent.isReplay ? 1 : 0,
    intent_unsent_lease: lease.leaseGeneration,
    lease_deadline: addToNow(storage, intent.ttlMs),
  });
}

/** Commits that the next thing is the first byte to the provider (R4). @returns false when the lease was lost: do not write. */
export function markSent(storage: Storage, key: CredentialKey, lease: Lease): Promise<boolean> {
  return updateHeld(storage, key, lease, { intent_unsent_lease: null });
}

/** A new token set, sealed, with what is known about it. Times are ms since 1970. */
export interface NewTokenSet {
  readonly sealedTokens: Buffer;
  readonly tokenGeneration: string;
  readonly accessExpiresAtMs: number | null;
  readonly refreshExpiresAtMs: number | null;
  readonly refreshExpiryKind: CredentialRow['refresh_expiry_kind'];
  readonly renewAtMs: number | null;
  readonly hasRefreshToken: boolean;
  /** Undefined: unchanged. */
  readonly scopes?: readonly string[];
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly nowMs: number;
}

/**
 * Stores what the provider answered, if the generation is still the one that was refreshed (R3, R5). The lease is not
 * asked for: a holder that was slow, but whose answer is the newest, keeps it, also when a successor gave the credential
 * up meanwhile as interrupted. A revocation is final, whatever came before it (F7).
 */
export async function storeRefreshedTokens(
  storage: Storage,
  key: CredentialKey,
  generation: number,
  tokens: NewTokenSet,
): Promise<boolean> {
  const result = await storage.urgent
    .updateTable('credentials')
    .set({
      ...released,
      sealed_tokens: tokens.sealedTokens,
      generation: generation + 1,
      token_generation: tokens.tokenGeneration,
      access_expires_at: tokens.accessExpiresAtMs,
      access_issued_at: tokens.nowMs,
      refresh_expires_at: tokens.refreshExpiresAtMs,
      refresh_expiry_kind: tokens.refreshExpiryKind,
      renew_at: tokens.renewAtMs,
      has_refresh_token: tokens.hasRefreshToken ? 1 : 0,
      ...(tokens.scopes === undefined ? {} : { scopes_json: JSON.stringify(tokens.scopes) }),
      ...(tokens.metadata === undefined ? {} : { metadata_json: JSON.stringify(tokens.metadata) }),
      ...healthy,
      updated_at: tokens.nowMs,
    })
    .where('app_id', '=', key.appId)
    .where('id', '=', key.credentialId)
    .where('generation', '=', generation)
    .where('status', '<>', 'revoked')
    .where((is) => is.or([is('status', '=', 'active'), is('death_cause', '=', 'interrupted_refresh')]))
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** When and how it is tried again. */
export interface NextAttempt {
  readonly retryInMs: number;
  /** Attempts in a row that failed for a passing reason (R8). */
  readonly failures?: number;
  /** R6: the provider has said a definite no; the time of the first one stays. */
  readonly isRefused?: boolean;
}

/** An earlier request whose outcome nobody knows yet. */
export interface OpenIntent {
  /** Whether nothing of it, or of its replay, reached the provider. */
  readonly isUnsent: boolean;
}

/**
 * Ends a refresh that brought nothing: lease and intent go, the reason for the next attempt's time stays (R6, R8). With `open`, the
 * intent stays for the next holder to judge: forgotten, it would let a token that may be spent pass for an unspent one (R4).
 */
export function releaseLease(
  storage: Storage,
  key: CredentialKey,
  lease: Lease,
  next?: NextAttempt,
  open?: OpenIntent,
): Promise<boolean> {
  const left =
    open === undefined
      ? released
      : {
          lease_holder: null,
          lease_deadline: null,
          intent_unsent_lease: open.isUnsent ? lease.leaseGeneration : null,
        };
  return updateHeld(storage, key, lease, {
    ...left,
    ...(next === undefined ? {} : { retry_at: addToNow(storage, next.retryInMs) }),
    ...(next?.failures === undefined ? {} : { failures: next.failures }),
    ...(next?.isRefused
      ? { invalid_grant_at: sql<number>`coalesce(invalid_grant_at, ${storage.sharedNow()})` }
      : {}),
  });
}

/** Declares a credential dead, with cause and evidence; the generation stays, so that a later answer still fits (R5). */
export function storeDeath(
  storage: Storage,
  key: CredentialKey,
  lease: Lease,
  death: { cause: string; evidence: Readonly<Record<string, unknown>>; nowMs: number },
): Promise<boolean> {
  return updateHeld(storage, key, lease, {
    ...released,
    status: 'needs_reauth',
    renew_at: null,
    death_cause: death.cause,
    death_evidence_json: JSON.stringify(death.evidence),
    died_at: death.nowMs,
    unrecorded_since: death.nowMs,
    updated_at: death.nowMs,
  });
}

/** So long after a refresh a refusal of its token forces no other one, in milliseconds. */
const freshTokenMs = 20_000;

/** Makes the next use refresh, if the token set is still the one that the provider refused. */
export async function forceRefresh(
  storage: Storage,
  key: CredentialKey,
  tokenGeneration: string,
  nowMs: number,
): Promise<boolean> {
  const result = await storage.db
    .updateTable('credentials')
    .set({ is_refresh_forced: 1 })
    .where('app_id', '=', key.appId)
    .where('id', '=', key.credentialId)
    .where('token_generation', '=', tokenGeneration)
    .where('status', '<>', 'revoked')
    // A provider that refuses what it has just given does so for another reason: asking again and again would use up its limits.
    .where((is) =>
      is.or([
        is('access_issued_at', '<=', nowMs - freshTokenMs),
        is('access_issued_at', '<=', is.ref('authorized_at')),
      ]),
    )
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/**
 * Ends a credential whose last grant is gone: status `revoked`, nothing secret is kept.
 * @returns false when it has other tokens by now than those of `generation`
 */
export async function wipeCredential(
  executor: Executor,
  key: CredentialKey,
  generation: number,
  nowMs: number,
): Promise<boolean> {
  const result = await executor
    .updateTable('credentials')
    .set({
      ...released,
      ...noDeath,
      status: 'revoked',
      renew_at: null,
      sealed_tokens: Buffer.alloc(0),
      has_refresh_token: 0,
      updated_at: nowMs,
    })
    .where('app_id', '=', key.appId)
    .where('id', '=', key.credentialId)
    .where('generation', '=', generation)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

async function updateHeld(
  storage: Storage,
  key: CredentialKey,
  lease: Lease,
  changes: UpdateObject<Tables, 'credentials'>,
): Promise<boolean> {
  const result = await storage.urgent
    .updateTable('credentials')
    .set(changes)
    .where('app_id', '=', key.appId)
    .where('id', '=', key.credentialId)
    .where('lease_holder', '=', lease.holder)
    .where('lease_generation', '=', lease.leaseGeneration)
    .where('generation', '=', lease.generation)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

function addToNow(storage: Storage, ms: number) {
  return sql<number>`${storage.sharedNow()} + ${Math.round(ms)}`;
}
