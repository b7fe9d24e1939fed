import type { SecretValue } from '@alter-ai/core-crypto';
import {
  buildTokenRequest,
  buildUserinfoRequest,
  type ProviderFailure,
  type ProviderTokens,
  parseAccount,
  parseTokenResponse,
  parseUserinfoResponse,
} from '@alter-ai/oauth-providers';
import { decodeJwt } from 'jose';
import type { VaultDeps } from '../../deps.js';
import { findFirstEnd, toStoredTokens } from '../../grants/stored-tokens.js';
import { closeBreaker, openBreaker } from '../../refresh/provider/breaker.js';
import type { AppSettings, ProviderSettings } from '../../settings/settings-reader.js';
import type { AuthorizationState } from '../callback/authorization-state.js';
import { CallbackFailure } from '../callback/callback-failure.js';
import { buildRedirectUri } from '../callback/start-authorization.js';
import type { ConnectedAccount } from './connected-account.js';
import { lookUpPlaces } from './look-up-places.js';
import { sendToProvider } from './send-to-provider.js';

/** An authorization that came back with a code. */
export interface ExchangeInput {
  readonly settings: AppSettings;
  readonly provider: ProviderSettings;
  readonly state: AuthorizationState;
  readonly code: string;
  /** Parameters of the callback that the provider's definition keeps. */
  readonly callbackMetadata: Readonly<Record<string, string>>;
}

/**
 * Exchanges the code, then asks whose account it is: an account without an identity is never stored.
 * @throws CallbackFailure
 */
export async function exchangeCode(deps: VaultDeps, input: ExchangeInput): Promise<ConnectedAccount> {
  const { provider, state } = input;
  const tokens = await requestTokens(deps, input);
  const claims = readIdTokenClaims(tokens, provider, state);
  const userinfo = await requestUserinfo(deps, input, tokens);
  const account = parseAccount({
    definition: provider.definition,
    params: state.parameters,
    userinfo,
    tokenResponse: tokens.document,
    idTokenClaims: claims,
  });
  if (!account) throw new CallbackFailure('account_unknown');
  const stored = toStoredTokens(tokens);
  const places = await lookUpPlaces(deps, { ...input, accessToken: tokens.accessToken });
  return {
    providerId: provider.providerId,
    providerConfigId: provider.configId,
    issuer: account.issuer,
    subject: account.subject,
    accountIdentifier: account.identifier,
    accountDisplayName: account.displayName ?? null,
    accountEmail: account.email ?? null,
    scopes: tokens.scopes ?? state.scopes,
    tokens: stored,
    accessExpiresAtMs: findFirstEnd(stored),
    refreshExpiresAtMs: tokens.refreshExpiresAtMs ?? null,
    metadata: { ...tokens.metadata, ...input.callbackMetadata, ...places },
    parameters: state.parameters,
    chosenLifetimeSeconds: state.chosenLifetimeSeconds,
  };
}

async function requestTokens(deps: VaultDeps, input: ExchangeInput): Promise<ProviderTokens> {
  const { provider, state } = input;
  const secrets = await provider.clientSecrets();
  // Two secrets may be live while one is being replaced (R7): only a refused client makes us try the other.
  const candidates: (SecretValue | undefined)[] = secrets.length > 0 ? secrets : [undefined];
  let failure: ProviderFailure | undefined;
  for (const secret of candidates) {
    const request = buildTokenRequest({
      definition: provider.definition,
      client: { id: provider.clientId ?? '', secret: secret?.reveal() },
      grant: {
        type: 'authorization_code',
        code: input.code,
        redirectUri: buildRedirectUri(deps.config.publicUrl),
        codeVerifier: state.codeVerifier ?? undefined,
      },
      params: state.parameters,
    });
    const response = await sendToProvider(deps, input.settings, request);
    const result = parseTokenResponse({
      ...response,
      definition: provider.definition,
      nowMs: deps.clock(),
      secrets: [input.code, ...(secret ? [secret.reveal()] : [])],
    });
    if (result.ok) {
      await closeBreaker(deps, { appId: input.settings.appId, provider });
      return result.tokens;
    }
    failure = result;
    if (result.kind !== 'invalid_client') break;
  }
  // Refreshing would be refused for the same reason (R7). The provider itself said so: words in a callback come from a browser.
  if (failure?.kind === 'invalid_client') {
    await openBreaker(deps, { appId: input.settings.appId, provider }, failure.error);
  }
  throw describeExchangeFailure(failure);
}

function describeExchangeFailure(failure: ProviderFailure | undefined): CallbackFailure {
  const evidence = { provider_error: failure?.error ?? 'unknown' };
  switch (failure?.kind) {
    case 'invalid_client':
      return new CallbackFailure('invalid_client', undefined, evidence);
    case 'transient':
    case 'rate_limited':
      return new CallbackFailure(
        'service_unavailable',
        'The provider is not available now. Try again.',
        evidence,
      );
    default:
      return new CallbackFailure('exchange_failed', undefined, evidence);
  }
}

async function requestUserinfo(
  deps: VaultDeps,
  input: ExchangeInput,
  tokens: ProviderTokens,
): Promise<unknown> {
  const { definition } = input.provider;
  const request = buildUserinfoRequest({
    definition,
    accessToken: tokens.accessToken,
    params: input.state.parameters,
  });
  if (!request) return undefined;
  const response = await sendToProvider(deps, input.settings, request);
  const result = parseUserinfoResponse({ ...response, definition, nowMs: deps.clock() });
  if (result.ok) return result.userinfo;
  throw new CallbackFailure('account_unknown', undefined, { provider_error: result.error });
}

/**
 * Claims of the ID token. It came straight from the token endpoint over TLS, which OpenID Connect Core §3.1.3.7 accepts in place of its
 * signature; nonce and audience are checked here.
 */
function readIdTokenClaims(
  tokens: ProviderTokens,
  provider: ProviderSettings,
  state: AuthorizationState,
): unknown {
  if (!tokens.idToken) return undefined;
  let claims: ReturnType<typeof decodeJwt>;
  try {
    claims = decodeJwt(tokens.idToken);
  } catch {
    throw new CallbackFailure('provider_error', 'The provider sent an ID token that cannot be read.', {
      check: 'id_token',
    });
  }
  if (state.nonce !== null && claims.nonce !== state.nonce) {
    throw new CallbackFailure('provider_error', 'The ID token belongs to another authorization.', {
      check: 'nonce',
    });
  }
  const audience = Array.isArray(claims.aud) ? claims.aud : [claims.aud];
  if (claims.aud !== undefined && !audience.includes(provider.clientId ?? '')) {
    throw new CallbackFailure('provider_error', 'The ID token was made for another client.', {
      check: 'aud',
    });
  }
  return claims;
}
