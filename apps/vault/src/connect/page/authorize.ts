import { hashToken } from '@alter-ai/core-crypto';
import { validateUrlParams } from '@alter-ai/oauth-providers';
import type { VaultDeps } from '../../deps.js';
import { ApiError } from '../../http/api-error.js';
import { findGrantById } from '../../storage/live/grants/grants.js';
import { startAuthorization } from '../callback/start-authorization.js';
import { readSessionRequest } from '../session/session-request.js';
import { readSessionState, readSessionStatus } from '../session/session-state.js';
import { openByHandle } from './browser-binding.js';
import { chooseScopes } from './build-view.js';

/** What the page asks for. */
export interface AuthorizeInput {
  readonly handle: string;
  readonly browserSecret: string | undefined;
  readonly providerId: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly lifetimeSeconds: number | null;
  readonly isAddedAccount: boolean;
}

/**
 * Starts an authorization for the page and answers where its browser goes. An open breaker (R7) is no obstacle: whoever connects
 * gets the provider's own word, and a provider that accepts the client again closes it.
 * @throws ApiError `session_not_found`, `session_not_open`, `provider_not_configured`, `invalid_grant_policy` (lifetime above the maximum), `invalid_request` (connect parameters).
 */
export async function authorize(deps: VaultDeps, input: AuthorizeInput): Promise<string> {
  const row = await openByHandle(deps, input.handle, input.browserSecret);
  if (readSessionStatus(row, deps.clock()) !== 'pending') throw new ApiError('session_not_open');
  const settings = await deps.settings.loadCurrent(row.app_id);
  const request = readSessionRequest(row.request_json);
  const provider = request.providers.includes(input.providerId)
    ? settings.providers.get(input.providerId)
    : undefined;
  if (!provider) throw new ApiError('provider_not_configured', { fields: { provider_id: input.providerId } });
  const checked = validateUrlParams(provider.definition, input.parameters);
  if (!checked.ok) {
    const [issue] = checked.issues;
    throw new ApiError('invalid_request', {
      message: `${issue?.name ?? 'A connect parameter'} ${issue?.message ?? 'is not valid'}.`,
      fields: { field: `parameters.${issue?.name ?? ''}` },
    });
  }
  checkLifetime(input.lifetimeSeconds, request.lifetime?.maxSeconds ?? null);
  const repaired = request.repairGrantId
    ? await findGrantById(deps.storage, row.app_id, request.repairGrantId)
    : undefined;
  return startAuthorization(deps, {
    session: row,
    provider,
    browserHash: hashToken(input.browserSecret ?? ''),
    scopes: chooseScopes(provider, request).map(({ scope }) => scope),
    parameters: checked.params,
    chosenLifetimeSeconds: input.lifetimeSeconds,
    // A provider that still has the other account signed in would give it again without asking.
    isAccountSwitch: request.isAccountSwitch || readSessionState(row).notice?.code === 'account_mismatch',
    isAddedAccount: input.isAddedAccount,
    isConsentRepeated: false,
    loginHint: repaired && !input.isAddedAccount ? repaired.account_identifier : null,
  });
}

function checkLifetime(seconds: number | null, maxSeconds: number | null): void {
  if (seconds === null || maxSeconds === null || seconds <= maxSeconds) return;
  throw new ApiError('invalid_grant_policy', {
    message: `The lifetime may be at most ${maxSeconds} seconds.`,
  });
}
