import type { Insertable, Kysely, Selectable, Transaction } from 'kysely';
import { uuidv7 } from 'uuidv7';
import { isUniqueViolation } from '../../database/database-error.js';
import type { Executor, Storage } from '../../database/storage.js';
import type { CredentialTable, GrantTable } from '../../tables/live-tables.js';
import type { Tables } from '../../tables.js';
import { type CredentialRow, healthy, holdCredential, released } from '../credentials.js';

/** A stored grant. */
export type GrantRow = Selectable<GrantTable>;
/** The storage, its database, or a transaction on it. */
type Source = Storage | Executor;

/** Whose grant it is: one user of the app, or the app itself (id `system`). */
export type PrincipalType = GrantTable['principal_type'];

/** What makes two connections the same grant (decisions.md "Which calls mean the same grant"). */
export interface GrantIdentity {
  readonly appId: string;
  readonly principalType: PrincipalType;
  /** User id, or `system`. */
  readonly principalId: string;
  readonly providerConfigId: string;
  readonly issuer: string;
  readonly subject: string;
}

/** Which grant a connection is for. */
export interface GrantAim extends GrantIdentity {
  /** The grant that it is to repair: where several rest on one credential, not always the one that connecting made. */
  readonly repairGrantId?: string | null;
}

/** One connected account as it is stored. Times are ms since 1970. */
export interface GrantInput extends GrantAim {
  readonly providerId: string;
  readonly accountIdentifier: string;
  readonly accountDisplayName: string | null;
  /** Null: a reauthorized grant keeps its label. */
  readonly label: string | null;
  readonly scopes: readonly string[];
  /** Connect parameters, e.g. `{ subdomain: 'acme' }`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** End of the grant's lifetime; null for none. */
  readonly expiresAtMs: number | null;
  /** Lifetime facts as shown: max_ttl_seconds, created_by, created_at; null for none. */
  readonly policy: Readonly<Record<string, unknown>> | null;
  readonly credential: {
    /** The id that the tokens were sealed for: that of the grant found before (`findGrantByAccount`), or a new one. */
    readonly id: string;
    readonly sealedTokens: Buffer;
    /** Kept fields of the token answer; nothing secret. */
    readonly metadata: Readonly<Record<string, unknown>>;
    readonly accessExpiresAtMs: number | null;
    readonly refreshExpiresAtMs: number | null;
    readonly hasRefreshToken: boolean;
    /** The credential whose refresh token is among the tokens; it must not have been presented since. Absent: all are new. */
    readonly madeFrom?: Pick<CredentialRow, 'generation' | 'intent_generation'>;
  };
  readonly nowMs: number;
}

/** Finds a grant of one app by id, whatever its status. */
export function findGrantById(source: Source, appId: string, grantId: string): Promise<GrantRow | undefined> {
  return readDatabase(source)
    .selectFrom('grants')
    .selectAll()
    .where('app_id', '=', appId)
    .where('id', '=', grantId)
    .executeTakeFirst();
}

/** Finds a live grant and holds its credential (`holdCredential`): nobody ends either of them before the transaction does. */
export async function holdGrant(
  trx: Transaction<Tables>,
  appId: string,
  grantId: string,
): Promise<GrantRow | undefined> {
  const known = await findGrantById(trx, appId, grantId);
  if (known?.status !== 'active') return undefined;
  await holdCredential(trx, { appId, credentialId: known.credential_id });
  const held = await findGrantById(trx, appId, grantId);
  if (held?.status !== 'active') return undefined;
  // Got another credential meanwhile, and that one is not held.
  if (held.credential_id !== known.credential_id) throw new GrantRaceError();
  return held;
}

/** Every grant of one principal (at one provider), revoked and expired ones included, newest first. */
export function findGrantsForPrincipal(
  source: Source,
  appId: string,
  principalType: PrincipalType,
  principalId: string,
  providerId?: string,
): Promise<GrantRow[]> {
  let query = readDatabase(source)
    .selectFrom('grants')
    .selectAll()
    .where('app_id', '=', appId)
    .where('principal_type', '=', principalType)
    .where('principal_id', '=', principalId);
  if (providerId !== undefined) query = query.where('provider_id', '=', providerId);
  return query.orderBy('id', 'desc').limit(1000).execute();
}

/** Finds the grant that connecting this account again reauthorizes: the one to repair if it is one of this account, else the account's own. */
export async function findGrantByAccount(source: Source, aim: GrantAim): Promise<GrantRow | undefined> {
  const wanted = aim.repairGrantId ? await findGrantById(source, aim.appId, aim.repairGrantId) : undefined;
  return wanted?.status === 'active' && isOfAccount(wanted, aim) ? wanted : findOwnGrant(source, aim);
}

function isOfAccount(grant: GrantRow, identity: GrantIdentity): boolean {
  return (
    grant.principal_type === identity.principalType &&
    grant.principal_id === identity.principalId &&
    grant.provider_config_id === identity.providerConfigId &&
    grant.issuer === identity.issuer &&
    grant.subject === identity.subject
  );
}

function findOwnGrant(source: Source, identity: GrantIdentity): Promise<GrantRow | undefined> {
  return readDatabase(source)
    .selectFrom('grants')
    .selectAll()
    .where('app_id', '=', identity.appId)
    .where('principal_type', '=', identity.principalType)
    .where('principal_id', '=', identity.principalId)
    .where('provider_config_id', '=', identity.providerConfigId)
    .where('issuer', '=', identity.issuer)
    .where('subject', '=', identity.subject)
    .where('sibling_label', '=', '')
    .where('status', '<>', 'revoked')
    .executeTakeFirst();
}

/**
 * Stores a connected account: a new grant, or the reauthorization of the one with the same identity, in place: same grant
 * id, death and scope mismatch cleared, generation + 1 so that a refresh still under way cannot overwrite it (R5). What is new of
 * the account is new for every grant on its credential; lifetime and policy only for this one.
 * @throws StaleGrantError the tokens were sealed for a credential that is not, or no longer, the account's
 */
export async function upsertGrantWithCredential(
  trx: Transaction<Tables>,
  input: GrantInput,
): Promise<{ grantId: string; operation: 'creation' | 'reauth' }> {
  const known = await findGrantByAccount(trx, input);
  if (known === undefined) {
    const grantId = uuidv7();
    try {
      await insertCredential(trx, input);
      await insertGrant(trx, input, grantId);
    } catch (error) {
      throw isUniqueViolation(error) ? new StaleGrantError() : error;
    }
    return { grantId, operation: 'creation' };
  }
  if (known.credential_id !== input.credential.id) throw new StaleGrantError();
  await replaceTokens(trx, input);
  const result = await trx
    .updateTable('grants')
    .set({
      ...describeTerms(input, known),
      // By its label a sibling is told apart.
      label: known.sibling_label === '' ? (input.label ?? known.label) : known.label,
    })
    .where('app_id', '=', input.appId)
    .where('id', '=', known.id)
    .where('status', '=', 'active')
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n) throw new StaleGrantError();
  await trx
    .updateTable('grants')
    .set(describeAccount(input))
    .where('app_id', '=', input.appId)
    .where('credential_id', '=', input.credential.id)
    .where('status', '=', 'active')
    .execute();
  return { grantId: known.id, operation: 'reauth' };
}

/** Records scopes that the provider found missing. @returns false when there is no such live grant. */
export async function storeMismatch(
  source: Source,
  grant: { appId: string; grantId: string },
  missingScopes: readonly string[],
): Promise<boolean> {
  const result = await readDatabase(source)
    .updateTable('grants')
    .set({ mismatch_json: JSON.stringify(missingScopes) })
    .where('app_id', '=', grant.appId)
    .where('id', '=', grant.grantId)
    .where('status', '=', 'active')
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Asks the storage to run the transaction again: the code is PostgreSQL's serialization failure. */
class GrantRaceError extends Error {
  readonly code = '40001';
}

/** The account's grant was made, revoked or given another credential since it was read: read it and seal the tokens again. */
export class StaleGrantError extends Error {
  readonly code = 'grant_stale';

  constructor() {
    super('The grant of this account has changed meanwhile.');
    this.name = 'StaleGrantError';
  }
}

async function replaceTokens(trx: Transaction<Tables>, input: GrantInput): Promise<void> {
  const { madeFrom } = input.credential;
  let update = trx
    .updateTable('credentials')
    .set((row) => ({
      ...describeCredential(input),
      generation: row('generation', '+', 1),
      lease_generation: row('lease_generation', '+', 1),
    }))
    .where('app_id', '=', input.appId)
    .where('id', '=', input.credential.id)
    .where('status', '<>', 'revoked');
  if (madeFrom) {
    update = update
      .where('status', '=', 'active')
      .where('generation', '=', madeFrom.generation)
      .where('intent_generation', 'is not distinct from', madeFrom.intent_generation);
  }
  const result = await update.executeTakeFirst();
  if (result.numUpdatedRows !== 1n) throw new StaleGrantError();
}

async function insertCredential(trx: Transaction<Tables>, input: GrantInput): Promise<void> {
  await trx
    .insertInto('credentials')
    .values({
      ...describeCredential(input),
      app_id: input.appId,
      id: input.credential.id,
      generation: 1,
      lease_generation: 0,
      created_at: input.nowMs,
    })
    .execute();
}

function describeCredential(input: GrantInput) {
  const { credential, nowMs } = input;
  return {
    provider_config_id: input.providerConfigId,
    sealed_tokens: credential.sealedTokens,
    token_generation: uuidv7(),
    scopes_json: JSON.stringify(input.scopes),
    metadata_json: JSON.stringify(credential.metadata),
    access_expires_at: credential.accessExpiresAtMs,
    access_issued_at: nowMs,
    refresh_expires_at: credential.refreshExpiresAtMs,
    refresh_expiry_kind: null,
    authorized_at: nowMs,
    // Planned by the job that renews; 0 is due.
    renew_at: credential.hasRefreshToken ? 0 : null,
    has_refresh_token: credential.hasRefreshToken ? 1 : 0,
    ...healthy,
    ...released,
    updated_at: nowMs,
  } satisfies Partial<Insertable<CredentialTable>>;
}

async function insertGrant(trx: Transaction<Tables>, input: GrantInput, grantId: string): Promise<void> {
  await trx
    .insertInto('grants')
    .values({
      ...describeAccount(input),
      ...describeTerms(input),
      app_id: input.appId,
      id: grantId,
      provider_config_id: input.providerConfigId,
      credential_id: input.credential.id,
      principal_type: input.principalType,
      principal_id: input.principalId,
      issuer: input.issuer,
      subject: input.subject,
      label: input.label,
      status: 'active',
      created_at: input.nowMs,
      revoked_at: null,
      revoked_by: null,
      revocation_result: null,
    })
    .execute();
}

function describeAccount(input: GrantInput) {
  return {
    provider_id: input.providerId,
    account_identifier: input.accountIdentifier,
    account_display_name: input.accountDisplayName,
    scopes_json: JSON.stringify(input.scopes),
    mismatch_json: null,
    parameters_json: JSON.stringify(input.parameters),
  };
}

function describeTerms(input: GrantInput, known?: GrantRow) {
  const { tags } = JSON.parse(known?.policy_json ?? '{}') as { tags?: unknown };
  const policy = tags === undefined ? input.policy : { ...input.policy, tags };
  return {
    expires_at: input.expiresAtMs,
    expiry_record_state: 0,
    unrecorded_since: input.nowMs,
    policy_json: policy === null ? null : JSON.stringify(policy),
  };
}

function readDatabase(source: Source): Kysely<Tables> {
  return 'db' in source ? source.db : source;
}
