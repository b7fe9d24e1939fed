import { computeCodeChallenge, createCodeVerifier, hashToken, randomToken } from '@alter-ai/core-crypto';
import { buildAuthorizationUrl } from '@alter-ai/oauth-providers';
import { uuidv7 } from 'uuidv7';
import type { VaultDeps } from '../../deps.js';
import { ApiError } from '../../http/api-error.js';
import type { ProviderSettings } from '../../settings/settings-reader.js';
import { type ConnectSessionRow, insertAuthorization } from '../../storage/live/connect-sessions.js';
import { sealAuthorizationState } from './authorization-state.js';

/** Where every provider sends browsers back to. */
export function buildRedirectUri(publicUrl: string): string {
  return `${publicUrl}/oauth/callback`;
}

/** One authorization to start. Everything in it has been checked. */
export interface AuthorizationInput {
  readonly session: ConnectSessionRow;
  readonly provider: ProviderSettings;
  readonly browserHash: string;
  readonly scopes: readonly string[];
  readonly parameters: Readonly<Record<string, string>>;
  readonly chosenLifetimeSeconds: number | null;
  readonly isAccountSwitch: boolean;
  readonly isAddedAccount: boolean;
  readonly isConsentRepeated: boolean;
  readonly loginHint: string | null;
}

/**
 * Stores a fresh state with its PKCE verifier and nonce, and answers the address of the provider's authorization page (C3).
 */
export async function startAuthorization(deps: VaultDeps, input: AuthorizationInput): Promise<string> {
  const { session, provider } = input;
  const { definition, clientId } = provider;
  if (clientId === null)
    throw new ApiError('provider_not_configured', { fields: { provider_id: provider.providerId } });
  const nowMs = deps.clock();
  const stateToken = randomToken(32);
  const codeVerifier = definition.pkce === 'S256' ? createCodeVerifier() : null;
  const nonce = input.scopes.includes('openid') ? randomToken(16) : null;
  const key = { app_id: session.app_id, id: uuidv7() };
  const sealedState = await sealAuthorizationState(deps, key, {
    codeVerifier,
    nonce,
    parameters: input.parameters,
    scopes: input.scopes,
    chosenLifetimeSeconds: input.chosenLifetimeSeconds,
    isAddedAccount: input.isAddedAccount,
    isConsentRepeated: input.isConsentRepeated,
  });
  await insertAuthorization(deps.storage, {
    ...key,
    session_id: session.id,
    state_hash: hashToken(stateToken),
    provider_config_id: provider.configId,
    browser_hash: input.browserHash,
    sealed_state: sealedState,
    created_at: nowMs,
    expires_at: session.expires_at,
    spent_at: null,
  });
  await deps.audit.append({
    kind: 'connect.authorization_started',
    appId: session.app_id,
    providerId: provider.providerId,
    ...(session.user_id ? { userId: session.user_id } : {}),
    outcome: 'ok',
    details: { session_id: session.id, scopes: [...input.scopes] },
  });
  return buildAuthorizationUrl({
    definition,
    clientId,
    redirectUri: buildRedirectUri(deps.config.publicUrl),
    state: stateToken,
    ...(codeVerifier ? { codeChallenge: computeCodeChallenge(codeVerifier) } : {}),
    ...(nonce ? { nonce } : {}),
    scopes: [...input.scopes],
    params: { ...input.parameters },
    isSwitchingAccount: input.isAccountSwitch || input.isAddedAccount,
    isForcingConsent: input.isConsentRepeated,
    ...(input.loginHint ? { loginHint: input.loginHint } : {}),
  });
}
