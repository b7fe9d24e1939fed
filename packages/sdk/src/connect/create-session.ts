import { sdkEndpoints } from '@alter-ai/core-contract';
import { AlterSDKError, AlterValueError } from '../errors/alter-sdk-error.js';
import {
  type AmbiguousGrantError,
  CredentialRevokedError,
  GrantNotFoundError,
  type ReAuthRequiredError,
} from '../errors/grant-errors.js';
import { ScopeReauthRequiredError } from '../errors/provider-errors.js';
import type { EitherSpelling } from '../options/option-names.js';
import { resolveUserToken } from '../options/user-token.js';
import { callEndpoint } from '../vault/call-endpoint.js';
import { requireOpen, type VaultClient } from '../vault/vault-client.js';
import { buildSessionBody, type ConnectSessionOptions, readSessionOptions } from './session-options.js';

/** A connect session: hand `sessionToken` to the popup library, or send the browser to `connectUrl`. */
export interface ConnectSession {
  readonly sessionToken: string;
  readonly connectUrl: string;
  readonly expiresInSeconds: number;
  /** ISO 8601. */
  readonly expiresAt: string;
  /** Whether exactly one provider is offered. */
  readonly isSingleProvider: boolean;
  readonly isDirect: boolean;
}

/** `App.createConnectSession` (wire/2 §1). */
export async function createConnectSession(
  client: VaultClient,
  given: EitherSpelling<ConnectSessionOptions> | undefined,
): Promise<ConnectSession> {
  requireOpen(client);
  const options = readSessionOptions(given);
  // Contradictions are found before the user is asked for anything.
  buildSessionBody(options, undefined);
  const userToken = await resolveUserToken(options.userToken, client.settings.userTokenGetter);
  const answer = await callEndpoint(client, sdkEndpoints.createConnectSession, {
    body: buildSessionBody(options, userToken),
    subject: { grantId: options.repairGrantId },
  });
  return {
    sessionToken: answer.session_token,
    connectUrl: answer.connect_url,
    expiresInSeconds: answer.expires_in,
    expiresAt: answer.expires_at,
    isSingleProvider: answer.single_provider,
    isDirect: answer.direct,
  };
}

/** Errors that connecting the account (again) repairs. */
export type RepairableError =
  | GrantNotFoundError
  | ReAuthRequiredError
  | ScopeReauthRequiredError
  | AmbiguousGrantError;

/**
 * `App.createConnectSessionForError`: the session that repairs what an error complains of (wire/2 §1.4). The grant is
 * repaired in place where it still exists; where it is gone meanwhile, a new one is made.
 * @throws {AlterValueError} the error does not name a provider.
 */
export async function createConnectSessionForError(
  client: VaultClient,
  error: RepairableError,
  given: EitherSpelling<ConnectSessionOptions> | undefined,
): Promise<ConnectSession> {
  const options = readSessionOptions(given);
  const providerId = error instanceof AlterSDKError && 'providerId' in error ? error.providerId : undefined;
  if (providerId === undefined || providerId === '') {
    throw new AlterValueError('the error does not name a provider; use createConnectSession');
  }
  const fresh = { ...options, allowedProviders: [providerId] };
  const canRepair = error instanceof CredentialRevokedError || error instanceof ScopeReauthRequiredError;
  if (!canRepair || error.grantId === undefined) return createConnectSession(client, fresh);
  try {
    return await createConnectSession(client, { ...fresh, repairGrantId: error.grantId });
  } catch (failure) {
    if (!(failure instanceof GrantNotFoundError)) throw failure;
    return createConnectSession(client, fresh);
  }
}
