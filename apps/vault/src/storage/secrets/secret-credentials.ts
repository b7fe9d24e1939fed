import type { Insertable } from 'kysely';
import { uuidv7 } from 'uuidv7';
import type { Executor, Storage } from '../database/storage.js';
import type { CredentialRow } from '../live/credentials.js';
import type { CredentialTable } from '../tables/live-tables.js';

/** The fields of a credential, sealed, and which ones there are. */
export interface SealedFields {
  readonly sealed: Buffer;
  readonly names: readonly string[];
}

/** One credential of a managed secret as it is stored. */
export interface SecretCredentialInput {
  readonly appId: string;
  readonly id: string;
  /** Id of the managed secret. */
  readonly secretId: string;
  readonly fields: SealedFields;
  readonly owner: 'developer' | 'end_user';
  /** Tells a developer's credentials apart; null for a user's. */
  readonly label: string | null;
  readonly nowMs: number;
}

/** Stores a credential of a managed secret. */
export async function insertSecretCredential(trx: Executor, input: SecretCredentialInput): Promise<void> {
  const row: Insertable<CredentialTable> = {
    app_id: input.appId,
    id: input.id,
    provider_config_id: input.secretId,
    sealed_tokens: input.fields.sealed,
    owner: input.owner,
    label: input.label,
    generation: 1,
    token_generation: uuidv7(),
    scopes_json: '[]',
    metadata_json: JSON.stringify({ fields: input.fields.names }),
    access_expires_at: null,
    access_issued_at: input.nowMs,
    refresh_expires_at: null,
    has_refresh_token: 0,
    status: 'active',
    is_refresh_forced: 0,
    failures: 0,
    lease_generation: 0,
    intent_is_replay: 0,
    created_at: input.nowMs,
    updated_at: input.nowMs,
  };
  await trx.insertInto('credentials').values(row).execute();
}

/** Replaces what a credential holds, in place: its grants keep their ids and use the new value from their next call on. */
export async function replaceSecretCredential(
  trx: Executor,
  key: { appId: string; credentialId: string },
  fields: SealedFields,
  nowMs: number,
): Promise<boolean> {
  const result = await trx
    .updateTable('credentials')
    .set((row) => ({
      sealed_tokens: fields.sealed,
      metadata_json: JSON.stringify({ fields: fields.names }),
      token_generation: uuidv7(),
      generation: row('generation', '+', 1),
      access_issued_at: nowMs,
      is_refresh_forced: 0,
      updated_at: nowMs,
    }))
    .where('app_id', '=', key.appId)
    .where('id', '=', key.credentialId)
    .where('status', '=', 'active')
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** The live credentials that the developer stored under one managed secret, oldest first. */
export function listSecretCredentials(
  storage: Storage,
  appId: string,
  secretId: string,
): Promise<CredentialRow[]> {
  return storage.db
    .selectFrom('credentials')
    .selectAll()
    .where('app_id', '=', appId)
    .where('provider_config_id', '=', secretId)
    .where('owner', '=', 'developer')
    .where('status', '=', 'active')
    .orderBy('id')
    .execute();
}

/** A live credential of a managed secret, whoever stored it. */
export function findSecretCredential(
  storage: Storage,
  key: { appId: string; secretId: string; credentialId: string },
): Promise<CredentialRow | undefined> {
  return storage.db
    .selectFrom('credentials')
    .selectAll()
    .where('app_id', '=', key.appId)
    .where('provider_config_id', '=', key.secretId)
    .where('id', '=', key.credentialId)
    .where('status', '=', 'active')
    .executeTakeFirst();
}

/** Ends the credentials of a managed secret, or one of them; nothing secret is kept. */
export async function wipeSecretCredentials(
  trx: Executor,
  key: { appId: string; secretId: string; credentialId?: string },
  nowMs: number,
): Promise<void> {
  let update = trx
    .updateTable('credentials')
    .set({ status: 'revoked', sealed_tokens: Buffer.alloc(0), updated_at: nowMs })
    .where('app_id', '=', key.appId)
    .where('provider_config_id', '=', key.secretId)
    .where('status', '<>', 'revoked');
  if (key.credentialId !== undefined) update = update.where('id', '=', key.credentialId);
  await update.execute();
}

/** Names of the fields that a credential has; nothing secret. */
export function listFieldNames(row: Pick<CredentialRow, 'metadata_json'>): string[] {
  const { fields } = JSON.parse(row.metadata_json) as { fields?: string[] };
  return fields ?? [];
}
