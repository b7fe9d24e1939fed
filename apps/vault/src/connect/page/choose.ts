import type { VaultDeps } from '../../deps.js';
import { ApiError } from '../../http/api-error.js';
import { describeKey } from '../../secrets/key-entry/describe-key-entry.js';
import type { AppSettings } from '../../settings/settings-reader.js';
import type { ConnectSessionRow } from '../../storage/live/connect-sessions.js';
import { findGrantById, type GrantRow } from '../../storage/live/grants/grants.js';
import { markProxyOnly } from '../../storage/secrets/mark-proxy-only.js';
import { storeAccount } from '../account/store-account.js';
import { finishSession } from '../session/finish-session.js';
import { readSessionRequest } from '../session/session-request.js';
import {
  changeOpenSession,
  createSessionError,
  type SessionResult,
  writeSessionState,
} from '../session/session-state.js';
import { openByHandle } from './browser-binding.js';
import { readMismatch } from './mismatch.js';

interface PageInput {
  readonly handle: string;
  readonly browserSecret: string | undefined;
}

/** Uses an account that the session's user has connected already; nothing changes at the provider. */
export async function useExisting(
  deps: VaultDeps,
  input: PageInput & { grantId: string },
): Promise<ConnectSessionRow> {
  const row = await openByHandle(deps, input.handle, input.browserSecret);
  const request = readSessionRequest(row.request_json);
  const grant = await findGrantById(deps.storage, row.app_id, input.grantId);
  const isUsable =
    grant &&
    row.user_id !== null &&
    grant.principal_id === row.user_id &&
    grant.status === 'active' &&
    grant.mismatch_json === null &&
    (grant.expires_at === null || grant.expires_at > deps.clock()) &&
    request.providers.includes(grant.provider_id) &&
    !request.isAccountSwitch;
  if (!isUsable) throw new ApiError('grant_not_found');
  const settings = await deps.settings.loadCurrent(row.app_id);
  const result: SessionResult = {
    grantId: grant.id,
    providerId: grant.provider_id,
    ...describeAccount(settings, grant),
    accountDisplayName: grant.account_display_name,
    accountEmail: null,
    scopes: JSON.parse(grant.scopes_json) as string[],
    operation: 'reauth',
    atMs: deps.clock(),
    apiBaseUrl: null,
    grantExpiresAtMs: grant.expires_at,
    policyCreatedBy: null,
  };
  if (request.isProxyOnly) await recordLock(deps, row, grant);
  const changed = await deps.storage.transaction(async (trx) => {
    if (request.isProxyOnly) {
      await markProxyOnly(trx, { appId: row.app_id, credentialId: grant.credential_id });
    }
    return changeOpenSession(deps, trx, row.id, (_, state) =>
      writeSessionState({
        results: [...state.results.filter((other) => other.grantId !== grant.id), result],
        notice: null,
      }),
    );
  });
  return request.providers.length === 1 ? finishSession(deps, changed.id) : changed;
}

/** Before it is done (A4): the session asks that what it hands back does not leave the vault, as it would for a new account. */
async function recordLock(deps: VaultDeps, row: ConnectSessionRow, grant: GrantRow): Promise<void> {
  const request = readSessionRequest(row.request_json);
  await deps.audit.append({
    kind: 'grant.reauthorized',
    appId: row.app_id,
    grantId: grant.id,
    providerId: grant.provider_id,
    userId: row.user_id,
    caller: request.caller,
    outcome: 'ok',
    details: { session_id: row.id, proxy_only: true },
  });
}

function describeAccount(settings: AppSettings, grant: GrantRow) {
  const secret = settings.managedSecretsById.get(grant.provider_config_id);
  if (secret) return describeKey(secret, grant.label);
  const name = settings.providers.get(grant.provider_id)?.displayName ?? grant.provider_id;
  return { providerName: name, accountIdentifier: grant.account_identifier };
}

/**
 * Goes on after another account than the expected one was signed in: `add` keeps it as one more grant, `retry` and `cancel` forget its
 * tokens; the old grant is never touched (C5).
 */
export async function resolveMismatch(
  deps: VaultDeps,
  input: PageInput & { choice: 'add' | 'retry' | 'cancel' },
): Promise<ConnectSessionRow> {
  const row = await openByHandle(deps, input.handle, input.browserSecret);
  const mismatch = await readMismatch(deps, row);
  if (!mismatch) throw new ApiError('session_not_open');
  if (input.choice === 'add') {
    await storeAccount(deps, { session: row, account: mismatch.account });
    return openByHandle(deps, input.handle, input.browserSecret);
  }
  const error = input.choice === 'cancel' ? createSessionError('account_mismatch', row.id) : null;
  return changeOpenSession(deps, deps.storage.db, row.id, () => ({
    sealed_mismatch: null,
    ...(error
      ? { ...writeSessionState({ error }), status: 'error' as const, finished_at: deps.clock() }
      : writeSessionState({
          notice: { code: 'account_mismatch', message: `Sign in as ${mismatch.expected} this time.` },
        })),
  }));
}

/** Ends the session on the wish of its user: with what is connected, or as denied or cancelled. */
export async function finishByUser(
  deps: VaultDeps,
  input: PageInput & { isCancelled: boolean },
): Promise<ConnectSessionRow> {
  const row = await openByHandle(deps, input.handle, input.browserSecret);
  return finishSession(deps, row.id, input.isCancelled ? 'connect_cancelled' : 'connect_denied');
}
