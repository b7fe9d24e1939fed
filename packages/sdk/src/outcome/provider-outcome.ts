import type { Credential } from '../calls/credential.js';
import { type ProviderRequest, redactSecrets } from '../calls/provider-call.js';
import {
  ProviderAPIError,
  ProviderUnauthorizedError,
  ScopeReauthRequiredError,
} from '../errors/provider-errors.js';
import { readRetryAfterSeconds } from '../vault/answer-headers.js';
import { parseBearerChallenge } from './bearer-challenge.js';

const retryableStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** What the provider's answer with an error status means (wire/1 §5.5). */
export function buildProviderError(
  request: ProviderRequest,
  credential: Credential,
  status: number,
  headers: Headers,
  body: string,
): ProviderAPIError {
  const challengeText = headers.get('www-authenticate');
  const challenge = parseBearerChallenge(challengeText);
  const isScopeChallenge = challenge?.error === 'insufficient_scope';
  const facts = {
    statusCode: status,
    responseBody: redactSecrets(body, credential.secrets),
    retryable: retryableStatuses.has(status),
    retryAfterSeconds: readRetryAfterSeconds(headers),
    details: { grant_id: credential.grantId, method: request.method, url: request.url.href },
  };
  const { grantId, providerId } = credential;
  if (status === 403 && isScopeChallenge) {
    const source = 'provider_insufficient_scope';
    const wwwAuthenticate = redactSecrets(challengeText ?? '', credential.secrets);
    return new ScopeReauthRequiredError('the provider refused the call for want of a scope', {
      ...facts,
      details: { ...facts.details, source, www_authenticate: wwwAuthenticate },
      grantId,
      providerId,
      missingScopes: challenge?.scopes,
    });
  }
  if (status === 403 && credential.hasScopeMismatch) {
    return new ScopeReauthRequiredError('the grant lacks a scope that is needed', {
      ...facts,
      details: { ...facts.details, source: 'backend_flag' },
      grantId,
      providerId,
    });
  }
  const message = `the provider answered with HTTP ${status}`;
  return status === 401 && !isScopeChallenge
    ? new ProviderUnauthorizedError(message, facts)
    : new ProviderAPIError(message, facts);
}
