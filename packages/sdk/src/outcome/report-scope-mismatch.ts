import { randomBytes } from 'node:crypto';
import { sdkEndpoints } from '@alter-ai/core-contract';
import { AlterSDKError } from '../errors/alter-sdk-error.js';
import type { ScopeReauthRequiredError } from '../errors/provider-errors.js';
import { callEndpoint } from '../vault/call-endpoint.js';
import type { VaultClient } from '../vault/vault-client.js';

const reportTimeoutMs = 2_000;

/** Tells the vault that the provider asked for a scope (wire/1 §6.2); never throws, never repeated. */
export async function reportScopeMismatch(
  client: VaultClient,
  grantId: string,
  error: ScopeReauthRequiredError,
): Promise<void> {
  const { www_authenticate: challenge, url } = error.details;
  try {
    await callEndpoint(client, sdkEndpoints.reportScopeMismatch, {
      pathValues: { grant_id: grantId },
      hasActorId: false,
      canRetry: false,
      timeoutMs: reportTimeoutMs,
      body: {
        provider_status_code: error.statusCode,
        provider_error_code: 'insufficient_scope',
        missing_scopes: error.missingScopes?.slice(0, 50).map((scope) => scope.slice(0, 256)) ?? null,
        raw_www_authenticate: String(challenge).slice(0, 4096),
        api_endpoint: String(url).slice(0, 2048),
        detection_source: 'www_authenticate_rfc6750',
        sdk_correlation_id: randomBytes(16).toString('base64url'),
      },
    });
  } catch (failure) {
    const code = failure instanceof AlterSDKError ? failure.code : 'unexpected';
    client.settings.logger.warn(`alter-sdk: a missing scope could not be reported (${code})`);
  }
}
