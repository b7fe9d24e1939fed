import { uuidv7 } from 'uuidv7';
import type { AuditEvent } from '../../audit/audit-event.js';
import { openByHandle } from '../../connect/page/browser-binding.js';
import {
  computeGrantExpiry,
  readSessionRequest,
  type SessionRequest,
} from '../../connect/session/session-request.js';
import {
  changeOpenSession,
  readSessionStatus,
  type SessionResult,
  writeSessionState,
} from '../../connect/session/session-state.js';
import type { VaultDeps } from '../../deps.js';
import { ApiError } from '../../http/api-error.js';
import type { ManagedSecretSettings } from '../../settings/managed-secrets/build-managed-secret.js';
import type { ConnectSessionRow } from '../../storage/live/connect-sessions.js';
import { markProxyOnly } from '../../storage/secrets/mark-proxy-only.js';
import { insertSecretCredential, replaceSecretCredential } from '../../storage/secrets/secret-credentials.js';
import { insertSecretGrant, renewSecretGrant } from '../../storage/secrets/secret-grants.js';
import { checkSecretFields, type SecretFields } from '../definition/secret-fields.js';
import { recordThenStore } from '../grants/record-grant.js';
import { refuseTakenLabel } from '../grants/taken-label.js';
import { sealSecret } from '../value/secret-value.js';
import { describeKey } from './describe-key-entry.js';
import { findUserGrants } from './find-user-grants.js';

/** What the page sends. */
export interface EnterKeyInput {
  readonly handle: string;
  readonly browserSecret: string | undefined;
  readonly fields: SecretFields;
  readonly lifetimeSeconds: number | null;
}

/** Where the key goes: into the grant that it repairs, or into a new one. */
interface Place {
  readonly grantId: string;
  readonly credentialId: string;
  readonly label: string | null;
  readonly isNew: boolean;
}

/**
 * Stores the key that a user typed, and finishes the session with its grant. A key entered again under the same label, or in a
 * repair, takes the old one's place: the grant keeps its id.
 * @throws ApiError `session_not_found`, `session_not_open`, `secret_not_found`, `invalid_request` (naming the field, never its
 * content), `invalid_grant_policy`, `grant_not_found`, `sibling_label_conflict`
 */
export async function enterKey(deps: VaultDeps, input: EnterKeyInput): Promise<ConnectSessionRow> {
  const row = await openByHandle(deps, input.handle, input.browserSecret);
  if (readSessionStatus(row, deps.clock()) !== 'pending') throw new ApiError('session_not_open');
  const request = readSessionRequest(row.request_json);
  const settings = await deps.settings.loadCurrent(row.app_id);
  const secret = request.keyEntry && settings.managedSecretsById.get(request.keyEntry.secretId);
  if (!secret || row.user_id === null) throw new ApiError('secret_not_found');
  const fields = readFields(secret, input.fields);
  checkLifetime(request, input.lifetimeSeconds);
  const place = await choosePlace(deps, row, request, secret);
  const key = { appId: row.app_id, credentialId: place.credentialId };
  await deps.keyring.prepare(row.app_id);
  const sealed = await sealSecret(deps.keyring, key, fields);
  const nowMs = deps.clock();
  const expiresAtMs = computeGrantExpiry(request.lifetime, input.lifetimeSeconds, nowMs);
  const createdBy = input.lifetimeSeconds === null ? 'developer' : 'end_user';
  const policy = {
    max_ttl_seconds: request.lifetime?.maxSeconds ?? null,
    created_by: createdBy,
    created_at: new Date(nowMs).toISOString(),
  };
  const result: SessionResult = {
    grantId: place.grantId,
    providerId: secret.slug,
    ...describeKey(secret, place.label),
    accountDisplayName: null,
    accountEmail: null,
    scopes: [],
    operation: place.isNew ? 'creation' : 'reauth',
    atMs: nowMs,
    apiBaseUrl: null,
    grantExpiresAtMs: expiresAtMs,
    policyCreatedBy: expiresAtMs === null ? null : createdBy,
  };
  const userId = row.user_id;
  const store = () =>
    refuseTakenLabel(place.label, () =>
      deps.storage.transaction(async (trx) => {
        if (place.isNew) {
          const { appId, credentialId: id } = key;
          const secretId = secret.id;
          await insertSecretCredential(trx, {
            appId,
            id,
            secretId,
            fields: sealed,
            owner: 'end_user',
            label: null,
            nowMs,
          });
          await insertSecretGrant(trx, {
            appId,
            id: place.grantId,
            secretId,
            slug: secret.slug,
            credentialId: id,
            principalType: 'user',
            principalId: userId,
            label: place.label,
            expiresAtMs,
            policy,
            nowMs,
          });
        } else {
          const isReplaced = await replaceSecretCredential(trx, key, sealed, nowMs);
          const isRenewed = await renewSecretGrant(
            trx,
            { appId: key.appId, grantId: place.grantId },
            { expiresAtMs, policy },
          );
          if (!isReplaced || !isRenewed) throw new ApiError('grant_not_found');
        }
        if (request.isProxyOnly) await markProxyOnly(trx, key);
        return changeOpenSession(deps, trx, row.id, () => ({
          ...writeSessionState({ results: [result], notice: null }),
          status: 'completed',
          finished_at: nowMs,
        }));
      }),
    );
  const finished = await recordThenStore(deps, describeEntry(row, request, secret, result), store);
  await deps.audit.append({
    kind: 'connect.completed',
    appId: row.app_id,
    userId,
    caller: request.caller,
    outcome: 'ok',
    details: { session_id: row.id },
  });
  return finished;
}

/** Leaves out what was not filled in. */
function readFields(secret: ManagedSecretSettings, given: SecretFields): SecretFields {
  const fields = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
  const [problem] = checkSecretFields(secret.definition, fields);
  if (!problem) return fields;
  const field = `fields.${problem.field}`;
  throw new ApiError('invalid_request', { message: `${field}: ${problem.message}`, fields: { field } });
}

function checkLifetime(request: SessionRequest, seconds: number | null): void {
  const maxSeconds = request.lifetime?.maxSeconds ?? null;
  if (seconds === null || maxSeconds === null || seconds <= maxSeconds) return;
  throw new ApiError('invalid_grant_policy', {
    message: `The lifetime may be at most ${maxSeconds} seconds.`,
  });
}

async function choosePlace(
  deps: VaultDeps,
  row: ConnectSessionRow,
  request: SessionRequest,
  secret: ManagedSecretSettings,
): Promise<Place> {
  const of = { appId: row.app_id, userId: row.user_id ?? '', secretId: secret.id };
  const own = await findUserGrants(deps, of);
  const { repairGrantId, label, keyEntry } = request;
  // Who has a key already and types another one means it to take the old one's place.
  const chosenId = keyEntry?.existingGrantId ?? null;
  const known =
    own.find(({ grant }) => grant.id === chosenId) ?? own.find(({ grant }) => grant.label === label);
  if (repairGrantId !== null && known?.grant.id !== repairGrantId) throw new ApiError('grant_not_found');
  if (!known) {
    return { grantId: uuidv7(), credentialId: uuidv7(), label, isNew: true };
  }
  // The developer's credential serves others too; a user's key must not take its place.
  if (known.owner !== 'end_user') throw new ApiError('sibling_label_conflict', { fields: { label } });
  const { grant } = known;
  return { grantId: grant.id, credentialId: grant.credential_id, label: grant.label, isNew: false };
}

function describeEntry(
  row: ConnectSessionRow,
  request: SessionRequest,
  secret: ManagedSecretSettings,
  result: SessionResult,
): AuditEvent {
  return {
    kind: result.operation === 'reauth' ? 'grant.reauthorized' : 'grant.created',
    appId: row.app_id,
    userId: row.user_id,
    caller: request.caller,
    grantId: result.grantId,
    providerId: secret.slug,
    credentialKind: secret.definition.kind,
    principal: `user:${row.user_id}`,
    details: {
      session_id: row.id,
      stored_by: 'end_user',
      ...(request.isProxyOnly ? { proxy_only: true } : {}),
    },
  };
}
