import type { AlterSDKError } from '../errors/alter-sdk-error.js';
import { BackendError } from '../errors/backend-error.js';
import { ConnectConfigError, ConnectDeniedError, ConnectFlowError } from '../errors/connect-errors.js';

const configCodes: ReadonlySet<string> = new Set([
  'connect_config_error',
  'invalid_redirect_uri',
  'invalid_client',
  'unauthorized_client',
  'provider_configuration_unavailable',
  'shared_dev_credential_unavailable',
  'managed_oauth_scope_approval_required',
]);

/** The error that ended a connect session (wire/2 §2.3). */
export function buildSessionError(error: {
  error_code: string;
  error_message: string;
  retry_after_seconds?: number | undefined;
}): AlterSDKError {
  const { error_code: code, error_message: message, retry_after_seconds: retryAfterSeconds } = error;
  const details = {
    error_code: code,
    ...(retryAfterSeconds !== undefined && { retry_after_seconds: retryAfterSeconds }),
  };
  if (code === 'connect_denied') return new ConnectDeniedError(message, { details });
  if (configCodes.has(code)) return new ConnectConfigError(message, { code, details });
  if (code === 'service_unavailable') {
    return new BackendError(message, { code, details, statusCode: 503, retryable: true });
  }
  return new ConnectFlowError(message, { code, details });
}
