import type { Insertable } from 'kysely';
import { isUniqueViolation } from '../database/database-error.js';
import type { Executor, Storage } from '../database/storage.js';
import type { GrantRow, PrincipalType } from '../live/grants/grants.js';
import type { CredentialTable, GrantTable } from '../tables/live-tables.js';

/** One grant on a managed secret as it is stored. Times are ms since 1970. */
export interface SecretGrantInput {
  readonly appId: string;
  readonly id: string;
  readonly secretId: string;
  readonly slug: string;
  readonly credentialId: string;
  readonly principalType: PrincipalType;
  readonly principalId: string;
  readonly label: string | null;
  readonly expiresAtMs: number | null;
  /** Facts of its making: created_by, created_at, tags, is_from_file. */
  readonly policy: Readonly<Record<string, unknown>>;
  readonly nowMs: number;
}

/** There is a live grant of this principal under this label. */
export class LabelTakenError extends Error {
  readonly code = 'label_taken';

  constructor() {
    super('There is a grant with this label already.');
    this.name = 'LabelTakenError';
  }
}

/** Stores a grant on a managed secret. @throws LabelTakenError */
export function insertSecretGrant(trx: Executor, input: SecretGrantInput): Promise<void> {
  return insertGrantRow(trx, {
    app_id: input.appId,
    id: input.id,
    grant_kind: 'managed_secret',
    provider_id: input.slug,
    provider_config_id: input.secretId,
    credential_id: input.credentialId,
    principal_type: input.principalType,
    principal_id: input.principalId,
    issuer: '',
    subject: '',
    account_identifier: '',
    account_display_name: null,
    label: input.label,
    sibling_label: input.label ?? '',
    status: 'active',
    scopes_json: '[]',
    mismatch_json: null,
    expires_at: input.expiresAtMs,
    policy_json: JSON.stringify(input.policy),
    parameters_json: '{}',
    created_at: input.nowMs,
  });
}

/** Stores one more grant on the credential of `source`, for the same principal. @throws LabelTakenError */
export function insertSibling(
  trx: Executor,
  source: GrantRow,
  sibling: {
    id: string;
    label: string;
    expiresAtMs: number | null;
    policy: Readonly<Record<string, unknown>>;
    nowMs: number;
  },
): Promise<void> {
  return insertGrantRow(trx, {
    app_id: source.app_id,
    id: sibling.id,
    grant_kind: source.grant_kind,
    provider_id: source.provider_id,
    provider_config_id: source.provider_config_id,
    credential_id: source.credential_id,
    principal_type: source.principal_type,
    principal_id: source.principal_id,
    issuer: source.issuer,
    subject: source.subject,
    account_identifier: source.account_identifier,
    account_display_name: source.account_display_name,
    label: sibling.label,
    sibling_label: sibling.label,
    status: 'active',
    scopes_json: source.scopes_json,
    mismatch_json: source.mismatch_json,
    expires_at: sibling.expiresAtMs,
    policy_json: JSON.stringify(sibling.policy),
    parameters_json: source.parameters_json,
    created_at: sibling.nowMs,
  });
}

async function insertGrantRow(trx: Executor, row: Insertable<GrantTable>): Promise<void> {
  try {
    await trx.insertInto('grants').values(row).execute();
  } catch (error) {
    throw isUniqueViolation(error) ? new LabelTakenError() : error;
  }
}

/** The live grants on one managed secret, oldest first. */
export function listSecretGrants(storage: Storage, appId: string, secretId: string): Promise<GrantRow[]> {
  return storage.db
    .selectFrom('grants')
    .selectAll()
    .where('app_id', '=', appId)
    .where('provider_config_id', '=', secretId)
    .where('status', '=', 'active')
    .orderBy('id')
    .execute();
}

/** Live grants of any of these groups on one managed secret, newest first. */
export async function findGrantsForGroups(
  storage: Storage,
  appId: string,
  groupIds: readonly string[],
  slug: string,
): Promise<GrantRow[]> {
  if (groupIds.length === 0) return [];
  return storage.db
    .selectFrom('grants')
    .selectAll()
    .where('app_id', '=', appId)
    .where('principal_type', '=', 'group')
    .where('principal_id', 'in', groupIds)
    .where('provider_id', '=', slug)
    .where('status', '=', 'active')
    .orderBy('id', 'desc')
    .limit(1000)
    .execute();
}

/** What a grant shares with those that are told apart from it by their labels. */
export type SiblingOf = Pick<
  GrantRow,
  'app_id' | 'principal_type' | 'principal_id' | 'provider_config_id' | 'issuer' | 'subject'
>;

/** Whether a live grant of the same account or managed secret has this label already; null is no label. */
export async function hasSiblingLabel(
  executor: Executor,
  source: SiblingOf,
  label: string | null,
): Promise<boolean> {
  const row = await executor
    .selectFrom('grants')
    .select('id')
    .where('app_id', '=', source.app_id)
    .where('principal_type', '=', source.principal_type)
    .where('principal_id', '=', source.principal_id)
    .where('provider_config_id', '=', source.provider_config_id)
    .where('issuer', '=', source.issuer)
    .where('subject', '=', source.subject)
    .where(label === null ? 'sibling_label' : 'label', '=', label ?? '')
    .where('status', '=', 'active')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** The first of these grants that rests on this credential, or did before it was revoked. */
export async function findGrantOfCredential(
  storage: Storage,
  key: { appId: string; credentialId: string },
  grantIds: readonly string[],
): Promise<string | undefined> {
  if (grantIds.length === 0) return undefined;
  const row = await storage.db
    .selectFrom('grants')
    .select('id')
    .where('app_id', '=', key.appId)
    .where('credential_id', '=', key.credentialId)
    .where('id', 'in', grantIds)
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}

/** Points a grant on a managed secret at another credential of it; its id stays. @returns whether there is such a live grant */
export async function pointGrant(
  trx: Executor,
  key: { appId: string; grantId: string; secretId: string },
  credentialId: string,
): Promise<boolean> {
  const result = await trx
    .updateTable('grants')
    .set({ credential_id: credentialId })
    .where('app_id', '=', key.appId)
    .where('id', '=', key.grantId)
    .where('provider_config_id', '=', key.secretId)
    .where('status', '=', 'active')
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Revokes every live grant on a managed secret, or one of them. */
export async function revokeSecretGrants(
  trx: Executor,
  key: { appId: string; secretId: string; grantId?: string },
  by: string,
  nowMs: number,
): Promise<void> {
  let update = trx
    .updateTable('grants')
    .set({ status: 'revoked', revoked_at: nowMs, revoked_by: by })
    .where('app_id', '=', key.appId)
    .where('provider_config_id', '=', key.secretId)
    .where('status', '=', 'active');
  if (key.grantId !== undefined) update = update.where('id', '=', key.grantId);
  await update.execute();
}

/** A user's grant with owner and state of its credential. */
export type UserGrantRow = GrantRow & {
  readonly credential_owner: CredentialTable['owner'];
  readonly credential_status: CredentialTable['status'];
};

/** The grants of one user on one managed secret that were not revoked, newest first. */
export function listUserSecretGrants(
  storage: Storage,
  of: { appId: string; userId: string; secretId: string },
): Promise<UserGrantRow[]> {
  return storage.db
    .selectFrom('grants as g')
    .innerJoin('credentials as c', (join) =>
      join.onRef('c.app_id', '=', 'g.app_id').onRef('c.id', '=', 'g.credential_id'),
    )
    .selectAll('g')
    .select(['c.owner as credential_owner', 'c.status as credential_status'])
    .where('g.app_id', '=', of.appId)
    .where('g.principal_type', '=', 'user')
    .where('g.principal_id', '=', of.userId)
    .where('g.provider_config_id', '=', of.secretId)
    .where('g.status', '=', 'active')
    .orderBy('g.id', 'desc')
    .limit(1000)
    .execute();
}

/** Gives a grant whose key was replaced its new lifetime. @returns whether there is such a live grant */
export async function renewSecretGrant(
  trx: Executor,
  key: { appId: string; grantId: string },
  life: { expiresAtMs: number | null; policy: Readonly<Record<string, unknown>> },
): Promise<boolean> {
  const result = await trx
    .updateTable('grants')
    .set({ expires_at: life.expiresAtMs, policy_json: JSON.stringify(life.policy), expiry_record_state: 0 })
    .where('app_id', '=', key.appId)
    .where('id', '=', key.grantId)
    .where('status', '=', 'active')
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}
